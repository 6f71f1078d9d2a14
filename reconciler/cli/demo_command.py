"""`reconciler demo`."""

import click


@click.command("demo")
def command() -> int:
    """Tell the whole story on a sandbox of its own: plan, apply, a live edit, drift, repair."""
    from reconciler import demo, shipped

    return demo.tell(shipped.quickstart_folder())
