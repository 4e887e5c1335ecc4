"""Table 1 of paper B as the table machinery takes it; Table 2 stands in `enlarging`."""

from collections.abc import Callable

from burnish.bench.tables import Claim, Curves, Table
from burnish.train.recipes import paper_b


def b1(cpu: bool = False) -> Table:
    """The ablation: the full network is better than each of the ten others, in both metrics.

    ``cpu`` trains the rows by the recipe that is scaled down for CPUs.
    """
    published = paper_b.srpie()
    rows = paper_b.table_1(paper_b.cpu(published) if cpu else published)
    claims = [Claim("full", key, m) for m in ("PSNR", "SSIM") for key in rows if key != "full"]
    title = "ablation of Deep SR-PIE on the joint task (Fig. 6: training and test loss)"
    return Table("b1", title, rows, tuple(claims), curves=Curves(("full",), of="loss"))


TABLES: dict[str, Callable[[], Table]] = {"b1": b1}
