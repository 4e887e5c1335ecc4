"""Tables 1 to 4 of paper A: their rows are recipes, their claims what the text and numbers say."""

from collections.abc import Callable

from burnish.bench.tables import Claim, Curves, Table
from burnish.train.recipes import paper_a

BOTH = ("PSNR", "SSIM")
ABLATIONS = ("a1", "a2", "a3")
"""Tables that on DPED are scored on the 400 pairs of the ablations. That a3 is one of them is a
reading: its no-RL on iPhone, 22.86 dB, is a2's RARU at N = 6, while a4 prints another NRL."""


def a1() -> Table:
    """Feature blocks: FMSB is best in both."""
    claims = [Claim("fmsb", k, m) for m in BOTH for k in ("conv3", "conv9", "msb", "fmsb3")]
    title = "feature blocks in DPED's ResNet"
    return Table("a1", title, paper_a.table_1(), tuple(claims))


def a2() -> Table:
    """Recursive units: attention helps at every N, RARU is best from N = 6, and depth helps it."""
    steps = paper_a.STEPS_OF_TABLE_2
    claims = [Claim(f"{unit}-{n}", f"rru-{n}") for n in steps for unit in ("rrau", "arru", "raru")]
    claims += [
        Claim(f"raru-{n}", f"{unit}-{n}")
        for n in steps
        for unit in ("rrau", "arru", "rru+a")
        if (unit, n) != ("rru+a", 1)
    ]
    claims += [Claim(f"raru-{n}", f"raru-{m}") for m, n in ((1, 3), (3, 6), (6, 24))]
    claims += [Claim("rrau-3", "rrau-12")]
    curves = Curves(("resnet", "rru-6", "rrau-6", "arru-6", "rru+a-6", "raru-6"))
    title = "recursive units at N steps, no residual (Fig. 5: PSNR against steps at N = 6)"
    return Table("a2", title, paper_a.table_2(), tuple(claims), curves=curves)


def a3() -> Table:
    """Residual modes: map over identity over the scalar lambda over none."""
    order = ("NRL", "RL", "NRL-", "no-RL")
    claims = [Claim(a, b, m) for m in BOTH for i, a in enumerate(order) for b in order[i + 1 :]]
    title = "residual modes (Fig. 6: PSNR against steps)"
    return Table("a3", title, paper_a.table_3(), tuple(claims), curves=Curves(("RL", "NRL")))


def a4() -> Table:
    """Other networks: NRL has the higher PSNR, NRL-DPL the highest SSIM."""
    others = ("APE", "srcnn", "johnson", "dped", "dense-skip", "mcrn")
    claims = [Claim("NRL", k, "PSNR") for k in others]
    claims += [Claim("NRL-DPL", k, "SSIM") for k in (*others, "NRL")]
    claims += [Claim("NRL-DPL", "NRL", "PSNR"), Claim("NRL-DPL", "dense-skip", "PSNR")]
    title = "comparison with other networks"
    return Table("a4", title, paper_a.table_4(), tuple(claims))


TABLES: dict[str, Callable[[], Table]] = {"a1": a1, "a2": a2, "a3": a3, "a4": a4}
