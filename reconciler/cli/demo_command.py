"""`reconciler demo`."""

import click

from reconciler import demo, shipped


@click.command("demo")
def command() -> int:
    """Tell the whole story on a sandbox of its own: plan, apply, a live edit, drift, repair."""
    return demo.tell(shipped.quickstart_folder())
