"""Where the service is: one host for all buckets, or a template with one host a region.

The vendor's own client asks `api-v2` for a bucket, and sends the calls for its files to
`api-{region}` (field notes: KNOWN). So with a template, `v2` stands in for the region where
the region is not known yet.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import ServiceError

_REGION_FORM = re.compile(r"[a-z]{2}-[a-z]+-[0-9]")
_REGION_UNKNOWN = "v2"
_PLACE = "{region}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base URL as the catalogue or the operator gives it, without `/api`."""

    base_url: str

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
        region = regions.get(bucket_id) or _REGION_UNKNOWN
        return f"{self._for_region(region)}/api/buckets/{bucket_id}/files"

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
