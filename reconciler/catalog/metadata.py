"""An entry's `user_defined`: over the defaults, in normal form, and checked."""

from typing import Any, Final

from reconciler.catalog.head import RESULT_FIELDS, Head, name_complaint, result_field
from reconciler.catalog.problems import Findings, Likely
from reconciler.catalog.users_schema import UsersForm
from reconciler.core.model import Json, UserDefined
from reconciler.core.normal import without_nulls

_USERS: Final = "from the schema in user_defined.schema"


class Metadata:
    """Makes each entry's metadata out of its own and the defaults."""

    def __init__(self, head: Head, users: UsersForm | None, findings: Findings) -> None:
        """Take what holds for all entries, and the users' own form where they have one."""
        self._head = head
        self._users = users
        self._findings = findings
        self._defaults: dict[str, Json] = head.default_user_defined or {}
        unsaid = head.default_user_defined
        self._unsaid = None if unsaid is None else without_nulls(unsaid)
        self._fine: set[str] = set()
        """Names that were looked at, and of which there is nothing to say."""
        self._warned: set[str] = set()

    def of(self, file: str, key: str, own: Any) -> UserDefined | None:
        """The metadata of an entry that states `own`; None where it is not managed."""
        if not isinstance(own, dict):
            merged = self._unsaid
        elif own:
            if not own.keys() <= self._fine:
                self._check_names(file, key, own)
            merged = without_nulls({**self._defaults, **own} if self._defaults else own)
        else:
            merged = {}
        if self._users is not None:
            for refusal in self._users.refusals({} if merged is None else merged):
                path = ("files", key, "user_defined", *refusal.path)
                add = self._findings.key_error if refusal.at_key else self._findings.error
                hint = refusal.hint or _USERS
                hint = hint.or_else(_USERS) if isinstance(hint, Likely) else hint
                add(file, path, refusal.message, hint)
        return merged

    def _check_names(self, file: str, key: str, own: dict[str, Json]) -> None:
        for name, value in own.items():
            path = ("files", key, "user_defined", name)
            complaint = name_complaint(self._head, name, is_set=value is not None)
            if complaint:
                self._findings.key_error(file, path, complaint)
            elif name not in RESULT_FIELDS:
                if value is not None:
                    self._fine.add(name)
            elif name not in self._warned:
                self._warned.add(name)  # once a name: a large catalogue has it in every entry
                self._findings.warning(file, path, result_field(name))
