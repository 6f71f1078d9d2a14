"""Catalogues in every style that people write, put together from pieces of which it is known what
each is for: so that it can be told, after a pull, whether a byte changed that need not have."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.catalog.pulls import Edited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

TEXTS = (
    *("Acme", "Spring ad", "NO", "yes", "12:30", "00123", "1_000", "null", "~", "1e3", "1979"),
    *("A: B", "a #b", "#x", "- x", "it's", 'say "hi"', "é😀", "x,y", "[z]", "{q}", "=1+1", "'=1"),
    *("a\tb", "two\nlines", "*a", "&a", "%x", "@x", "true", "0x1F", "2024-01-01", "<<", "C:\\x"),
    *("? x", "| x", "> x", "!x", "x:", "...", "-", "7 Days", "##[x", "Ünï"),
)
OTHERS = (True, False, 0, 7, -3, 1.5, 1e30, 2**63, [], ["a", 1], {"k": "v", "l": [1, {"m": None}]})
NAMES = ("artist", "year", "isrc", "a b", "NO", "tags", "Ünï", "x:y")
DEFAULTS = {"label": "Acme", "lang": "de"}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?: [A-Za-z0-9]+)*|12:30|00123|1_000|1e3|0x1F|é😀|7 Days")
SOURCE = '{audio_url: "https://x.example/a", sha256: ' + "ab" * 32 + "}"


@dataclass(frozen=True)
class Context:
    """Text that no pull has to change."""

    text: str


@dataclass(frozen=True)
class Value:
    """The value of a field."""

    text: str
    key: str
    field: str


@dataclass(frozen=True)
class Group:
    """A whole pair, which goes where its field does. A whole entry, where `field` is empty."""

    pieces: Sequence[Piece]
    key: str
    field: str


@dataclass(frozen=True)
class Sign:
    """A comma of a mapping, which goes with a pair beside it."""

    text: str
    key: str


@dataclass(frozen=True)
class Room:
    """Where something new is stated. `form`: a pattern in which VALUE is any value. Without a key:
    of the whole table."""

    key: str
    form: str


Piece: TypeAlias = Context | Value | Group | Sign | Room


@dataclass
class World:
    """A catalogue's files, and what is done by hand to the files of some entries."""

    files: dict[str, list[Piece]] = field(default_factory=dict)
    edits: dict[str, Edited] = field(default_factory=dict)
    ends: str = "\n"

    def text(self, file: str) -> str:
        return _text(self.files[file])

    def pattern(self, file: str) -> re.Pattern[str]:
        """What the file may look like after the pull: its context byte for byte."""
        return re.compile(_Pattern(self).of(self.files[file]), re.DOTALL)

    def context(self, file: str) -> int:
        """How many characters no pull has to change."""
        return sum(
            len(piece.text) for piece in _flat(self.files[file]) if isinstance(piece, Context)
        )


def _flat(pieces: Sequence[Piece]) -> list[Piece]:
    found: list[Piece] = []
    for piece in pieces:
        found += _flat(piece.pieces) if isinstance(piece, Group) else [piece]
    return found


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(getattr(piece, "text", "") for piece in _flat(pieces))


class _Pattern:
    def __init__(self, world: World) -> None:
        self._edits = world.edits
        self._ends = world.ends
        self._all = "".join(map(world.text, world.files))

    def of(self, pieces: Sequence[Piece]) -> str:
        return "".join(map(self._one, pieces))

    def _one(self, piece: Piece) -> str:
        match piece:
            case Context(text):
                return re.escape(text)
            case Value(text, key, name):
                return self._value(text, key, name)
            case Sign(text, key):
                is_changed = None in self._fields(key).values() or self._refers(key)
                return f"(?:{re.escape(text)})" + ("?" if is_changed else "")
            case Room(key, form):
                if not key or key in self._edits or self._refers(key):
                    return f"(?:{form.replace('VALUE', _ANY)})*"
                return ""
            case Group(inside, key, ""):
                return "" if self._edits.get(key, Edited()).gone else self.of(inside)
            case Group(inside, key, name):
                if name in self._fields(key) and self._fields(key)[name] is None:
                    return f"(?:{self.of(inside)})?"
                return self.of(inside)
        raise AssertionError(piece)

    def _value(self, text: str, key: str, name: str) -> str:
        edited = self._edits.get(key, Edited())
        fields: dict[str, Any] = {**edited.fields}
        if edited.title is not None:
            fields["title"] = edited.title
        if edited.bucket is not None:
            fields["bucket"] = edited.bucket
        if name == "-":
            # An alias: what it names may have changed, and then it is written out.
            return f"(?:{re.escape(text)}|{_ANY})"
        if name not in fields:
            return re.escape(text)
        # In a table, a number stands in a column of its own.
        said = self._spellings(fields[name])
        return f"(?:{said})?" if key.startswith("c") else said

    def _spellings(self, value: Any) -> str:
        if value is None:
            return "(?:null)?"
        if not isinstance(value, str):
            return _ANY if isinstance(value, list | dict) else re.escape(json.dumps(value))
        said = {value, "'" + value.replace("'", "''") + "'"}
        for ascii_only in (True, False):
            quoted = json.dumps(value, ensure_ascii=ascii_only)
            said |= {quoted, quoted.replace("##[", "##\\u005B")}
        for cell in (value, f"'{value}"):
            said.add(_cell(cell))
            said.add('"' + cell.replace('"', '""') + '"')
        lines = (self._ends + " +").join(map(re.escape, value.split("\n")))
        return "(?:" + "|".join([*map(re.escape, said), rf"[|>]-{self._ends} +{lines}"]) + ")"

    def _fields(self, key: str) -> Mapping[str, Any]:
        return self._edits.get(key, Edited()).fields

    def _refers(self, key: str) -> bool:
        return key.startswith("r")


_ANY = (
    r"""(?:"(?:[^"\\\n]|\\.|"")*"|'(?:[^'\n]|'')*'|\[[^\n]*\]|\{[^\n]*\}"""
    r"""|[^\s,{}\[\]"'][^\n,{}\[\]]*|)"""
)


def world(random: Random) -> World:
    """Any catalogue, with any edits."""
    return _Maker(random).world()


class _Maker:
    def __init__(self, random: Random) -> None:
        self._random = random
        self._defaults = random.random() < 0.5
        self._entries: dict[str, dict[str, Any]] = {}
        self._anchors: dict[str, dict[str, Any]] = {}

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def world(self) -> World:
        made = World()
        names = [n for n in ("more.yaml", "t.csv", "f.jsonl") if self.chance(0.6)]
        made.files["catalog.yaml"] = [
            Context(self._head(names)),
            *self._files("m", self._random.randint(1, 4)),
        ]
        for name in names:
            make = {"more.yaml": self._more, "t.csv": self._csv, "f.jsonl": self._jsonl}[name]
            made.files[name] = make()
        if self.chance(0.3):
            made.ends = "\r\n"
            made.files = {n: [_with_returns(p) for p in pieces] for n, pieces in made.files.items()}
        for name in made.files:
            if self.chance(0.2):
                made.files[name] = [Context("\ufeff"), *made.files[name]]
        for key, entry in self._entries.items():
            if self.chance(0.6):
                made.edits[key] = self._edit(key, entry)
        return made

    def _head(self, names: list[str]) -> str:
        defaults = ", user_defined: {label: Acme, lang: de}" if self._defaults else ""
        return (
            "# What runs on air.\nversion: 1\ncatalog: c  # ours\n"
            f"buckets: {{s: {{id: 1}}, spare: {{id: 2}}}}\ndefaults: {{bucket: s{defaults}}}\n"
            + (f"include: [{', '.join(names)}]\n\n" if names else "\n")
        )

    def _edit(self, key: str, entry: Mapping[str, Any]) -> Edited:
        if entry.get("source") and self.chance(0.2):
            return Edited(gone=True)
        fields: dict[str, Any] = {}
        table = key.startswith("c")
        held = entry["all"]
        if held is not None:
            for name in list(held):
                if self.chance(0.3) and not (table and name in DEFAULTS):
                    fields[name] = None
                elif self.chance(0.3):
                    fields[name] = self._other(held[name], table=table)
            if self.chance(0.4):
                fields[self._random.choice(NAMES)] = self._other(None, table=table)
        title = self._other(entry["title"], table=True, text=True) if self.chance(0.6) else None
        return Edited(title, "spare" if self.chance(0.2) else None, fields)

    def _other(self, value: Any, *, table: bool, text: bool = False) -> Any:
        while True:
            if text or self.chance(0.7):
                new = self._random.choice(TEXTS)
            else:
                new = self._random.choice(OTHERS)
            if table and isinstance(new, list | dict):
                continue
            if str(new) != str(value):
                return new

    # YAML.

    def _more(self) -> list[Piece]:
        return [
            Context("version: 1\n" if self.chance(0.5) else ""),
            *self._files("y", self._random.randint(1, 3)),
        ]

    def _files(self, prefix: str, count: int) -> list[Piece]:
        pieces: list[Piece] = [Context("files:  # by season\n" if self.chance(0.3) else "files:\n")]
        self._anchors = {}
        # One that stays, so that there is always something to stand beside.
        pieces.append(Context(f"  stays-{prefix}: {{title: Stays}}\n"))
        for number in range(count):
            if self._anchors and self.chance(0.5):
                pieces += self._referring(f"r{prefix}{number}")
            else:
                pieces += self._entry(f"{prefix}{number}")
            if self.chance(0.3):
                pieces.append(Context("\n"))
        pieces.append(Context("# the end\n"))
        return pieces

    def _entry(self, key: str) -> list[Piece]:
        entry: dict[str, Any] = {"title": self._random.choice(TEXTS)}
        own: dict[str, Any] | None = None
        if self.chance(0.8):
            own = {
                name: self._some()
                for name in self._random.sample(NAMES, self._random.randint(0, 4))
            }
        entry |= {"own": own, "all": self._over(own), "source": self.chance(0.4)}
        self._entries[key] = entry
        anchor = ""
        if self.chance(0.3):
            anchor = f"&{key} "
            self._anchors[key] = entry
        make = self._random.choice([self._block, self._flow, self._long_flow])
        comment = [Context("\n"), Context("  # About it.\n")] if self.chance(0.3) else []
        if comment:
            return [comment[0], Group([comment[1], *make(key, entry, anchor)], key, "")]
        return [Group(make(key, entry, anchor), key, "")]

    def _over(self, own: dict[str, Any] | None) -> dict[str, Any] | None:
        defaults: Mapping[str, Any] = DEFAULTS if self._defaults else {}
        if own is None:
            return {**defaults} if defaults else None
        return {**defaults, **own} if own else {}

    def _some(self) -> Any:
        return self._random.choice(TEXTS if self.chance(0.7) else OTHERS)

    def _name(self, name: str) -> str:
        if _PLAIN.fullmatch(name) and name != "NO" and self.chance(0.6):
            return name
        return self._random.choice(
            [json.dumps(name, ensure_ascii=False), "'" + name.replace("'", "''") + "'"]
        )

    def _said(self, value: Any, *, indent: str | None) -> str:
        """In a block with this indent, or in a flow."""
        if not isinstance(value, str):
            if indent is not None and isinstance(value, list) and value and self.chance(0.5):
                return "".join(f"\n{indent}- {json.dumps(item)}" for item in value).replace(
                    "\n", "\n", 1
                )
            return json.dumps(value)
        ways = [json.dumps(value, ensure_ascii="😀" not in value and self.chance(0.3))]
        if value.isprintable():
            ways.append("'" + value.replace("'", "''") + "'")
        if _PLAIN.fullmatch(value) and value not in ("true", "null"):
            ways += [value, value]
        if indent is not None and all(map(str.isprintable, value.split("\n"))):
            ways.append("|-" + "".join(f"\n{indent}{line}" for line in value.split("\n")))
            if "\n" not in value:
                ways.append(f">-\n{indent}{value}")
        return self._random.choice(ways)

    def _comment(self) -> str:
        return "  # as told" if self.chance(0.3) else ""

    def _block(self, key: str, entry: Mapping[str, Any], anchor: str) -> list[Piece]:
        pieces: list[Piece] = [
            Context(f"  {key}:{' ' if anchor else ''}{anchor.strip()}{self._comment()}\n")
        ]
        tail: list[Piece] = []
        if entry["source"]:
            tail.append(Context(f"    source: {SOURCE}{self._comment()}\n"))
        tail.append(
            Group(
                [Context("    title: "), self._block_value(entry["title"], key, "title")],
                key,
                "title",
            )
        )
        if entry["own"] is not None:
            tail.append(Group(self._block_metadata(key, entry["own"]), key, "-"))
        self._random.shuffle(tail)
        return [*pieces, *tail, Room(key, r"    [\"']?(?:bucket|user_defined)[\"']?: VALUE\r?\n")]

    def _block_value(self, value: Any, key: str, name: str) -> Group:
        said = self._said(value, indent="        ")
        rest = "\n" if "\n" in said else f"{self._comment()}\n"
        return Group([Value(said, key, name), Context(rest)], key, "-")

    def _block_metadata(self, key: str, own: Mapping[str, Any]) -> list[Piece]:
        if not own or self.chance(0.4):
            return [
                Context("    user_defined: "),
                *self._flow_pairs(key, own),
                Context(f"{self._comment()}\n"),
            ]
        pieces: list[Piece] = [
            Context("    user_defined:"),
            Room(key, r" \{\}"),
            Context(f"{self._comment()}\n"),
        ]
        for name, value in own.items():
            if self.chance(0.2):
                pieces.append(Context("      # what follows\n"))
            said = self._block_value(value, key, name)
            pieces.append(Group([Context(f"      {self._name(name)}: "), said], key, name))
        pieces.append(Room(key, r"      VALUE: (?:VALUE|[^\r\n#]+)\r?\n"))
        return pieces

    def _flow_pairs(self, key: str, own: Mapping[str, Any], comma: str = ", ") -> list[Piece]:
        pieces: list[Piece] = [Context("{")]
        for number, (name, value) in enumerate(own.items()):
            if number:
                pieces.append(Sign(comma, key))
            said = Value(self._said(value, indent=None), key, name)
            pieces.append(Group([Context(f"{self._name(name)}: "), said], key, name))
        return [*pieces, Room(key, "(?:, ?)?VALUE: ?VALUE"), Context("}")]

    def _flow(
        self, key: str, entry: Mapping[str, Any], anchor: str, comma: str = ", "
    ) -> list[Piece]:
        parts: list[list[Piece]] = [
            [Context("title: "), Value(self._said(entry["title"], indent=None), key, "title")]
        ]
        if entry["source"]:
            parts.append([Context(f"source: {SOURCE}")])
        if entry["own"] is not None:
            parts.append([Context("user_defined: "), *self._flow_pairs(key, entry["own"])])
        self._random.shuffle(parts)
        pieces: list[Piece] = [Context(f"  {key}: {anchor}{{")]
        for number, part in enumerate(parts):
            pieces += [Context(comma)] if number else []
            pieces += part
        return [
            *pieces,
            Room(key, "(?:, ?)?(?:bucket|user_defined): ?VALUE"),
            Context(f"}}{self._comment()}\n"),
        ]

    def _long_flow(self, key: str, entry: Mapping[str, Any], anchor: str) -> list[Piece]:
        return self._flow(key, entry, anchor, ",  # so it is\n     ")

    def _referring(self, key: str) -> list[Piece]:
        """An entry that is as another is, but for its title."""
        name = self._random.choice(sorted(self._anchors))
        base = self._anchors[name]
        entry = {**base, "own": base["own"]}
        if self.chance(0.4):
            self._entries[key] = entry
            return [
                Group(
                    [
                        Context(f"  {key}: "),
                        Value(f"*{name}", key, "-"),
                        Context(f"{self._comment()}\n"),
                    ],
                    key,
                    "",
                )
            ]
        entry["title"] = self._random.choice(TEXTS)
        self._entries[key] = entry
        room = Room(key, "(?:, ?)?(?:bucket|user_defined): ?VALUE")
        title = Value(self._said(entry["title"], indent=None), key, "title")
        return [
            Group(
                [Context(f"  {key}: {{<<: *{name}, title: "), title, room, Context("}\n")], key, ""
            )
        ]

    # Tables and JSON Lines.

    def _csv(self) -> list[Piece]:
        names = self._random.sample(["artist", "isrc", "a b", "Ünï"], 2)
        header = ["key", "title", *(f"user_defined.{name}" for name in names)]
        column = r",\"?(?:bucket|user_defined(?:\.[^,\n\"]+)?)\"?"
        pieces: list[Piece] = [Context(_row(header)), Room("", column), Context("\n")]
        for number in range(self._random.randint(1, 3)):
            key = f"c{number}"
            own = {name: self._random.choice(TEXTS) for name in names if self.chance(0.7)}
            entry = {"title": self._random.choice(TEXTS), "own": own or None, "source": False}
            self._entries[key] = entry | {"all": self._over(own or None)}
            row: list[Piece] = [
                Context(f"{key},"),
                Value(_cell(_guard(entry["title"])), key, "title"),
            ]
            for name in names:
                row += [Context(","), Value(_cell(_guard(own.get(name, ""))), key, name)]
            pieces += [
                Group(
                    [*row, Room("", r",(?:\"(?:[^\"]|\"\")*\"|[^,\r\n\"]*)"), Context("\n")],
                    key,
                    "",
                )
            ]
        return pieces

    def _jsonl(self) -> list[Piece]:
        pieces: list[Piece] = []
        for number in range(self._random.randint(1, 3)):
            key = f"j{number}"
            own = {
                name: self._some()
                for name in self._random.sample(NAMES, self._random.randint(0, 3))
            }
            entry = {"title": self._random.choice(TEXTS), "own": own, "source": False}
            self._entries[key] = entry | {"all": self._over(own)}
            line: list[Piece] = [
                Context(f'{{"key": "{key}", "title" : '),
                Value(json.dumps(entry["title"]), key, "title"),
                Context(', "user_defined": {'),
            ]
            for at, (name, value) in enumerate(own.items()):
                line += [Sign(", ", key)] if at else []
                inner = [Context(f"{json.dumps(name)}: "), Value(json.dumps(value), key, name)]
                line.append(Group(inner, key, name))
            line += [
                Room(key, "(?:, ?)?VALUE: ?VALUE"),
                Context("}"),
                Room(key, ', ?"bucket": "spare"'),
                Context("} \n"),
            ]
            pieces.append(Group(line, key, ""))
        return pieces


def _guard(text: str) -> str:
    starts = tuple("=+-@\t")
    return f"'{text}" if text.startswith((*starts, "'=")) else text


def _cell(text: str) -> str:
    return _row([text]) if text else ""


def _row(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().removesuffix("\r\n")


def _with_returns(piece: Piece) -> Piece:
    match piece:
        case Context(text):
            return Context(text.replace("\n", "\r\n"))
        case Value(text, key, name):
            return Value(text.replace("\n", "\r\n"), key, name)
        case Sign(text, key):
            return Sign(text.replace("\n", "\r\n"), key)
        case Group(inside, key, name):
            return Group([_with_returns(one) for one in inside], key, name)
        case Room():
            return piece
