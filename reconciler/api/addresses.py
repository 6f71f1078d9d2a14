"""Where the service is: one host for all buckets, or a template with one host a region.

The vendor's own client asks `api-v2` for a bucket, and sends the calls for its files to
`api-{region}` (field notes: KNOWN). So with a template, `v2` stands in for the region where
the region is not known yet.

Nothing goes anywhere else: the token goes wherever a request goes. And it goes in plain http to
this machine only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reconciler.errors import ServiceError, UsageError
from reconciler.http.origins import base_of

_REGION_FORM = re.compile(r"[a-z]{2}-[a-z]+-[0-9]", re.ASCII)
_REGION_UNKNOWN = "v2"
_PLACE = "{region}"


@dataclass(frozen=True)
class Addresses:
    """The base URL as the catalogue or the operator gives it, without `/api`. Raises `UsageError`
    where it is none that the token may go to."""

    base_url: str

    def __post_init__(self) -> None:
        """Whoever made it."""
        # No name of a host can hold the place in braces, so a stand-in is looked at.
        base = base_of(self.base_url.replace(_PLACE, _REGION_UNKNOWN, 1))
        if base is None:
            raise UsageError(
                f"the base URL {self.base_url!r} is not https://host/path, without user name, "
                "query and fragment"
            )
        if not base.is_tls and not base.is_loopback:
            raise UsageError(
                f"the base URL {self.base_url!r} would send the token in plain http: it must "
                "begin with https:// (http is for 127.0.0.1, [::1] and localhost)"
            )

    @property
    def is_tls(self) -> bool:
        """Whether what goes there is encrypted."""
        return self.base_url.startswith("https://")

    def cover(self, url: str) -> bool:
        """Whether a request may go to a URL: one of the API under the base URL, or of a host
        that the template makes of a region's name."""
        return self._ours.match(url) is not None

    @cached_property
    def _ours(self) -> re.Pattern[str]:
        regions = f"(?:{_REGION_UNKNOWN}|{_REGION_FORM.pattern})"
        origin = re.escape(self.origin).replace(re.escape(_PLACE), regions)
        return re.compile(f"{origin}/api/", re.ASCII)

    @property
    def origin(self) -> str:
        """What a plan is bound to: the base URL, in one spelling."""
        return self.base_url.rstrip("/")

    @property
    def has_regions(self) -> bool:
        """Whether a region's name becomes part of a host's."""
        return _PLACE in self.base_url

    def buckets(self) -> str:
        """The base of the calls about buckets themselves."""
        return f"{self._for_region(_REGION_UNKNOWN)}/api/buckets"

    def files(self, bucket_id: int, regions: Mapping[int, str | None]) -> str:
        """The base of the calls about one bucket's files."""
        return f"{self._bucket(bucket_id, regions)}/files"

    def dump(self, bucket_id: int, regions: Mapping[int, str | None]) -> str:
        """Where one bucket's dump is asked for."""
        return f"{self._bucket(bucket_id, regions)}/dump"

    def _bucket(self, bucket_id: int, regions: Mapping[int, str | None]) -> str:
        region = regions.get(bucket_id) or _REGION_UNKNOWN
        return f"{self._for_region(region)}/api/buckets/{bucket_id}"

    def _for_region(self, region: str) -> str:
        return self.origin.replace(_PLACE, region)


def checked_region(region: str | None, bucket_id: int) -> str | None:
    """The region that the service named for a bucket. It becomes part of a host name, so a
    name that is not of the known form (`eu-west-1`) is refused."""
    if region is None or region == "" or _REGION_FORM.fullmatch(region):
        return region or None
    raise ServiceError(
        f"reading bucket {bucket_id}: the service names the region {region!r}, "
        "which is not of the form eu-west-1, so no request goes there"
    )
