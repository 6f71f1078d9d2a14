"""An entry's `source`, with its digest."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from reconciler.catalog import base_url
from reconciler.catalog.problems import DataPath, Findings, shown
from reconciler.catalog.sources import NOT_THERE, Seen, Sources
from reconciler.core.model import Presence, Source, SourceKind

_KINDS: Final = {kind.value: kind for kind in SourceKind}
_PATHS: Final = (("audio", True), ("fingerprint", False))


def path_of(raw: Any) -> tuple[str, bool] | None:
    """The path that an entry names as its source, and whether it is audio; else None."""
    source = raw.get("source") if isinstance(raw, dict) and raw.get("absent") is not True else None
    if isinstance(source, dict):
        for name, is_audio in _PATHS:
            path = source.get(name)
            if isinstance(path, str) and path:
                return path, is_audio
    return None


class SourceReader:
    """Makes a `Source` of what an entry says and of what stands at its path."""

    def __init__(
        self,
        looked: Mapping[tuple[str, bool], Seen],
        sources: Sources,
        findings: Findings,
        *,
        rehearsal: bool,
        pins_must_fit: bool,
    ) -> None:
        """Take what was found at the paths; whether the service is played on this machine; and
        whether a pin that differs from its source is an error."""
        self._looked = looked
        self._sources = sources
        self._findings = findings
        self._rehearsal = rehearsal
        self._pins_must_fit = pins_must_fit

    def source(self, file: str, key: str, raw: Any) -> Source | None:
        """The source, or None where there is none or its form is wrong."""
        names = [name for name in raw if name in _KINDS] if isinstance(raw, dict) else []
        if len(names) != 1:
            return None
        name = names[0]
        location, pin = raw[name], raw.get("sha256")
        if not isinstance(location, str):
            return None
        where: DataPath = ("files", key, "source")
        pin = pin.lower() if isinstance(pin, str) else None
        match _KINDS[name]:
            case SourceKind.AUDIO_URL:
                return self._url(file, where, location, pin)
            case SourceKind.ACRID:
                if pin is not None:
                    message = "an acrid counts by itself: there is nothing to pin"
                    self._findings.error(file, (*where, "sha256"), message, "remove it")
                location = location.lower()
                digest = f"acrid:{location}"
                return Source(SourceKind.ACRID, location, digest, presence=Presence.ELSEWHERE)
            case kind:
                seen = self._looked.get((location, kind is SourceKind.AUDIO), NOT_THERE)
                return self._path(file, where, kind, location, pin, seen)

    def _url(self, file: str, where: DataPath, url: str, pin: str | None) -> Source:
        try:
            base_url.check_audio(url, rehearsal=self._rehearsal)
        except base_url.AddressError as error:
            self._findings.error(file, (*where, "audio_url"), f"the address {error}")
        if pin is None:
            counted = base_url.without_query(url).encode(errors="surrogatepass")
            digest = f"url:{hashlib.sha256(counted).hexdigest()[:16]}"
        else:
            digest = f"sha256:{pin[:16]}"
        return Source(SourceKind.AUDIO_URL, url, digest, pin, presence=Presence.ELSEWHERE)

    def _path(
        self,
        file: str,
        where: DataPath,
        kind: SourceKind,
        location: str,
        pin: str | None,
        seen: Seen,
    ) -> Source:
        if seen is not NOT_THERE or pin is None:
            self._check(file, where, kind, location, pin, seen)
        sha256 = seen.sha256 or pin
        return Source(
            kind,
            seen.path or self._sources.absent_path(location),
            f"sha256:{sha256[:16]}" if sha256 else None,
            sha256,
            seen.size,
            seen.duration,
            seen.presence,
        )

    def _check(
        self,
        file: str,
        where: DataPath,
        kind: SourceKind,
        location: str,
        pin: str | None,
        seen: Seen,
    ) -> None:
        at = (*where, kind.value)
        if seen.complaint:
            self._findings.error(file, at, f"the source {shown(location)} {seen.complaint}")
        elif seen.presence is Presence.ABSENT and pin is None:
            hint = "reconciler pin, where the file is, writes its digest"
            self._findings.warning(file, at, "not verified: the file is not there", hint)
        if seen.remark:
            self._findings.warning(file, at, seen.remark)
        if self._pins_must_fit and pin and seen.sha256 and pin != seen.sha256:
            message = f"the source's digest is {seen.sha256[:16]}..., and the pin says otherwise"
            hint = "reconciler pin writes the new one, where the new file is meant"
            self._findings.error(file, (*where, "sha256"), message, hint)
