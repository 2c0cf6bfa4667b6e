"""`fer3d store`: statistics, verification and pruning of the object store."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Table

from fer3d import checkout
from fer3d.errors import UserError

if TYPE_CHECKING:
    from fer3d.store.objects import ObjectStore
    from fer3d.store.upkeep import Amount, Stats

app = typer.Typer(no_args_is_help=True, help="Inspect, verify and prune the object store.")

SHOWN = 20  # largest number of paths printed


@app.command()
def stats(
    json_output: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="do not read objects, so no counts by producer")
    ] = False,
) -> None:
    """Number and size of the objects, by the stage that produced them."""
    from fer3d.machine.progress import progress
    from fer3d.store import upkeep

    store = _store()
    parts = upkeep.folders(store)
    with progress("store stats", len(parts)) as advance:
        found = upkeep.stats(store, parts, advance, read=not quick)
    if json_output:
        Console().print_json(data=_as_json(store.address, found))
        return
    table = Table("", "files", "size", title=escape(store.address), title_justify="left")
    for kind, amount in found.kinds.items():
        if amount.count or kind is upkeep.Kind.OBJECT:
            table.add_row(str(kind), f"{amount.count:,}", decimal(amount.bytes))
    if found.producers:
        table.add_section()
    for producer, amount in found.producers.items():
        table.add_row(f"  {escape(producer)}", f"{amount.count:,}", decimal(amount.bytes))
    Console().print(table)


@app.command()
def verify() -> None:
    """Read every object and set damaged ones aside; exit status 1 if there are any."""
    from fer3d.machine.progress import progress
    from fer3d.store import upkeep

    store = _store()
    parts = upkeep.folders(store)
    with progress("store verify", len(parts)) as advance:
        found = upkeep.verify(store, parts, advance)
    console = Console(soft_wrap=True, highlight=False, markup=False)
    for path in found.damaged[:SHOWN]:
        console.print(f"damaged, set aside: {path}")
    if len(found.damaged) > SHOWN:
        console.print(f"and {len(found.damaged) - SHOWN} more")
    console.print(f"intact: {found.whole:,}, damaged: {len(found.damaged):,}")
    if found.skipped:
        console.print(f"not read: {found.skipped:,} ({found.trouble or 'of another format'})")
    if found.damaged:
        console.print("damaged objects are not used; the next run that needs one computes it again")
    if found.damaged or found.trouble:
        raise typer.Exit(1)


@app.command()
def prune(
    older_than: Annotated[
        str, typer.Option(help="minimum age since writing: 12h, 30d, 8w; reading does not count")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask for confirmation")] = False,
) -> None:
    """Remove old objects; a run that needs one computes it again."""
    from fer3d.machine.progress import progress
    from fer3d.store import upkeep

    age = upkeep.parse_age(older_than)
    store = _store()
    console = Console(soft_wrap=True, highlight=False, markup=False)
    parts = upkeep.folders(store)
    with progress("store list", len(parts)) as advance:
        found = upkeep.prunable(store, parts, advance, older_than=age)
    size = decimal(sum(entry.size for entry in found))
    console.print(f"{store.address}: {len(found):,} files, {size}, can be removed")
    if not found or not (yes or typer.confirm("Remove them?")):
        return
    with progress("store prune", len(found)) as advance:
        gone, trouble = upkeep.remove(store, found, advance)
    console.print(f"removed {gone:,} of {len(found):,} files{f' ({trouble})' if trouble else ''}")
    if trouble:
        raise typer.Exit(1)


def _store() -> "ObjectStore":
    from fer3d.machine import settings
    from fer3d.store.objects import open_store

    store = open_store(settings.load(checkout.TOP).store)
    if store is None:
        raise UserError("the object store is switched off: set FER3D_STORE to a folder or a URL")
    return store


def _as_json(address: str, found: "Stats") -> dict[str, Any]:
    return {
        "store": address,
        "files": _plain(found.kinds),
        "producers": _plain(found.producers),
    }


def _plain(amounts: "Mapping[Any, Amount]") -> dict[str, dict[str, int]]:
    return {
        str(name): {"files": amount.count, "bytes": amount.bytes}
        for name, amount in amounts.items()
    }
