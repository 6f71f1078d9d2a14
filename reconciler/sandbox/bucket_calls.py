"""The calls on buckets that the vendor's clients make beside the page's seven (field notes).

| call                 | method    | parameters                                                |
|----------------------|-----------|-----------------------------------------------------------|
| GET /buckets         | listing   | page, per_page, region, type, search                      |
| POST /buckets        | create    | name, type, region; net_type, labels, metadata_template   |
| GET /buckets/:id     | get       |                                                           |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import jsonify

from reconciler.sandbox import answers, forms, incoming
from reconciler.sandbox.laravel import NotFoundError, paginated

if TYPE_CHECKING:
    from flask import Response
    from flask.typing import ResponseReturnValue

    from reconciler.sandbox.calls import Service


class BucketCalls:
    """List, make and read buckets."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def listing(self) -> ResponseReturnValue:
        """A page of the buckets, by id."""
        quirks = self._service.quirks
        wanted, paging = forms.bucket_listing(incoming.query(), quirks)
        found = [
            bucket
            for bucket in self._service.buckets.all()
            if wanted.search.casefold() in bucket.name.casefold()
            and wanted.region in {"", bucket.region}
            and wanted.type in {"", bucket.type}
        ]
        shown = found[paging.offset : paging.offset + paging.per_page]
        return jsonify(
            paginated(
                [answers.bucket(bucket) for bucket in shown],
                paging,
                len(found),
                path=f"{incoming.host()}/api/buckets",
                per_page_as_text=quirks.per_page == "text",
            )
        )

    def create(self) -> ResponseReturnValue:
        """Makes a bucket."""
        new = forms.bucket(incoming.fields())
        bucket_id = self._service.buckets.add(new, now=self._service.clock())
        return self._shown(bucket_id), int(self._service.quirks.create)

    def get(self, bucket: str) -> ResponseReturnValue:
        """One bucket; its `region` is what the vendor's client asks for."""
        bucket_id, _ = self._service.region(bucket)
        return self._shown(bucket_id)

    def _shown(self, bucket_id: int) -> Response:
        found = self._service.buckets.get(bucket_id)
        if found is None:
            raise NotFoundError(f"bucket {bucket_id}")
        return jsonify({"data": answers.bucket(found)})
