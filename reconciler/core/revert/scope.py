"""Which of all differences a plan of some keys is about."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from reconciler.core.content import Content
from reconciler.core.describe import differing_fields
from reconciler.core.diff import Differences
from reconciler.core.facts import Drifted, Fact, Missing, Unresolved, key_of
from reconciler.core.marks import mark_fields
from reconciler.core.model import DesiredState, FileId, Key


@dataclass(frozen=True, slots=True)
class OfKeys:
    """Only these keys, and of each the one file, where it is known already. The marks of files
    that are there stay as they are."""

    files: Mapping[Key, FileId | None]
    desired: DesiredState

    def __call__(self, differences: Differences) -> Differences:
        facts = (self._kept(fact) for fact in differences.facts)
        kept = tuple(fact for fact in facts if fact is not None)
        unchanged = len(self.files.keys() - set(map(key_of, kept)))
        return replace(differences, facts=kept, unchanged=unchanged)

    def _kept(self, fact: Fact) -> Fact | None:
        key = key_of(fact)
        if key is None or key not in self.files:
            return None
        if isinstance(fact, (Missing, Unresolved)):
            return fact
        file_id = self.files[key]
        if file_id is not None and fact.file.id != file_id:
            return None
        return self._without_marks(fact) if isinstance(fact, Drifted) else fact

    def _without_marks(self, fact: Drifted) -> Fact | None:
        marks = mark_fields(self.desired.identity)
        before, wanted = fact.before, fact.wanted
        values = {name: item for name, item in wanted.user_defined.items() if name not in marks}
        values |= {name: item for name, item in before.user_defined.items() if name in marks}
        wanted = Content(wanted.title, values)
        fields = differing_fields(before, wanted, self.desired.rules.compare)
        if not fields:
            return None
        return replace(fact, wanted=wanted, fields=fields, marks_only=False, assumed=False)
