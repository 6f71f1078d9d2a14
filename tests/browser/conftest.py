"""Reports, opened in a real browser: Debian's chromium, without a screen and without a network.

`script/browser` installs it where it may. Where it is missing, these tests are skipped, and
`script/browser` fails.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from reconciler.core.model import FileId
from reconciler.core.plan import Seen
from tests.render import stories
from tests.render.stories import HOSTILE, content
from tests.render.whole import plan_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.core.plan import Change, Plan

MANY = 10_000
INJECTIONS = [
    "<img src=x onerror=\"window.pwned='img'\">",
    "<script>window.pwned='script'</script>",
    "</script><script>window.pwned='data'</script>",
    "<!--<script>",
    "<svg onload=\"window.pwned='svg'\">",
    '" onmouseover="window.pwned=\'attribute\'" x="',
    "<a href=\"javascript:window.pwned='link'\">x</a>",
    "<iframe srcdoc=\"<script>parent.pwned='frame'</script>\"></iframe>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<base href=https://evil.example/>",
    "${window.pwned='template'}",
]
"""What would set `window.pwned`, or ask a stranger's server, if it were markup."""


@dataclass(frozen=True)
class Browser:
    """One window, and what went on in it."""

    driver: Any

    def open(self, page: Path, at: str = "", *, width: int = 1200, dark: bool = False) -> None:
        """Open a page anew."""
        self.run("Emulation.setDeviceMetricsOverride", width=width, height=900,
                 deviceScaleFactor=1, mobile=False)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.run("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.driver.get("about:blank")
        self.logs()
        self.requests()
        self.driver.get(f"{page.as_uri()}{at}")

    def run(self, command: str, **how: object) -> Any:
        """A command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, how)

    def js(self, code: str, *arguments: object) -> Any:
        """What a function in the page returns."""
        return self.driver.execute_script(code, *arguments)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def logs(self) -> list[str]:
        """What the console said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were asked for since."""
        told = [
            orjson.loads(entry["message"])["message"]
            for entry in self.driver.get_log("performance")
        ]
        return [
            message["params"]["request"]["url"]
            for message in told
            if message["method"] == "Network.requestWillBeSent"
        ]

    @property
    def keys(self) -> list[str]:
        """The keys of the changes that are shown."""
        code = "return [...document.querySelectorAll('#list .key')].map((key) => key.textContent)"
        keys: list[str] = self.js(code)
        return keys

    @property
    def found(self) -> str:
        """How many there are, as it is said."""
        said: str = self.js("return document.getElementById('found').textContent")
        return said

    @property
    def address(self) -> str:
        """What stands behind the # of the address."""
        said: str = self.js("return decodeURIComponent(location.hash.slice(1))")
        return said


def _missing() -> str | None:
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"there is no {program} here: script/browser installs Debian's where it may"
    return None


@pytest.fixture(scope="session")
def started() -> Iterator[Browser]:
    """One browser for all tests."""
    missing = _missing()
    if missing is not None:
        if os.environ.get("RECONCILER_BROWSER") == "needed":
            pytest.fail(missing)
        pytest.skip(missing)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    # Exactly these programs: selenium would look for others, and download them.
    os.environ["SE_OFFLINE"] = "true"
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for argument in (
        *("--headless=new", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
        *("--disable-sync", "--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND"),
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


@pytest.fixture
def browser(started: Browser) -> Iterator[Browser]:
    """The browser, in whose console nothing is complained of in the end."""
    yield started
    assert started.logs() == []


def many(count: int) -> Plan:
    """So many changes in four buckets, most of them updates."""
    buckets = ["archive", "jingles", "spots", "station-ids"]
    artists = ["Acme", "Bolt & Co", "Café Zürich", "東京ラジオ"]
    changes: list[Change] = []
    for at in range(count):
        key, title, bucket = f"ad-{at:05}", f"Advertisement {at}", buckets[at % 4]
        before = content(title, key, artist=artists[at % 4], year=1990 + at % 30)
        after = content(f"{title} (30 s)", key, artist=artists[at % 4], year=1990 + at % 30)
        change: Change = stories.update(key, before, after, "title", file_id=at)
        if at % 40 == 0:
            change = stories.create(key, title, artist=artists[at % 4])
        elif at % 97 == 0:
            change = stories.delete(key, title, at)
        elif at % 150 == 1:
            change = replace(stories.move(key, title), file_id=FileId(at), from_bucket="spots")
        changes.append(replace(change, bucket=bucket))
    live = {name: Seen(at, count, "") for at, name in enumerate(buckets)}
    return replace(stories.plan(*changes), live=live)


def full() -> Plan:
    """Something of everything."""
    plan = stories.plan(
        *stories.small().changes[:-1],
        *stories.wide().changes,
        *stories.awkward().changes,
        violations=stories.refused().violations,
        notes=stories.noted().notes,
        options=stories.refused().options,
    )
    return replace(plan, live={"spots": Seen(1, 1204, ""), "archive": Seen(2, 300, "")})


def hostile() -> Plan:
    """Everything that was ever tried, wherever there is text."""
    texts = [*HOSTILE.values(), *INJECTIONS]
    plans = [stories.plan_with(text) for text in texts]
    changes = [change for plan in plans for change in plan.changes]
    unique = {change.id: change for change in changes}
    return replace(
        stories.plan(*unique.values()),
        catalog=INJECTIONS[1],
        origin=INJECTIONS[0],
        options=plans[-1].options,
        violations=tuple(each for plan in plans for each in plan.violations),
        notes=tuple(note for plan in plans for note in plan.notes),
    )


PLANS: dict[str, Callable[[], Plan]] = {
    "small": stories.small,
    "full": full,
    "hostile": hostile,
    "thousands": lambda: many(MANY),
}


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A report, by the name of its plan, as a file."""
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        path.write_text(plan_html(PLANS[name]()), "utf-8")
        return path

    return write
