"""Tables 1 to 4 of paper A: their rows are recipes, their claims what the text and numbers say."""

from collections.abc import Callable

from burnish.bench.tables import Claim, Curves, Table
from burnish.train.recipes import paper_a

BOTH = ("PSNR", "SSIM")
ABLATIONS = ("a1", "a2", "a3")
"""Tables that on DPED are scored on the 400 pairs of the ablations. That a3 is one of them is a
reading: its no-RL on iPhone, 22.86 dB, is a2's RARU at N = 6, while a4 prints another NRL."""


def a1() -> Table:
    """Feature blocks: FMSB is best in both; a larger kernel has more SSIM and less PSNR."""
    claims = [Claim("fmsb", k, m) for m in BOTH for k in ("conv3", "conv9", "msb", "fmsb3")]
    claims += [Claim("conv9", "conv3", "SSIM"), Claim("conv3", "conv9", "PSNR")]
    title = "feature blocks in DPED's ResNet"
    return Table("a1", title, paper_a.table_1(), tuple(claims))


def a2() -> Table:
    """Recursive units: attention helps at every N; RARU is best from N = 6 on, below it RRAU.

    More steps: RARU gains up to N = 24, though from 6 to 12 all with attention but ARRU lose.
    """
    steps, rows = paper_a.STEPS_OF_TABLE_2, paper_a.table_2()
    pairs = [(unit, "rru") for unit in ("rrau", "arru", "rru+a", "raru")]
    pairs += [("raru", "arru"), ("raru", "rru+a")]
    claims = [Claim(f"{a}-{n}", f"{b}-{n}") for n in steps for a, b in pairs]
    claims = [c for c in claims if c.better in rows and c.worse in rows]  # there is no rru+a-1
    claims += [Claim(f"rrau-{n}", f"raru-{n}") for n in steps if n < 6]
    claims += [Claim(f"raru-{n}", f"rrau-{n}") for n in steps if n >= 6]
    claims += [Claim(f"raru-{n}", f"raru-{m}") for m, n in ((1, 3), (3, 6), (6, 24))]
    claims += [Claim(f"rrau-{m}", f"rrau-{n}") for m in (3, 6) for n in (12, 24)]
    claims += [Claim(f"{unit}-6", f"{unit}-12") for unit in ("rru+a", "raru")]
    return Table(
        "a2",
        "recursive units at N steps, no residual (Fig. 5: PSNR against steps at N = 6)",
        rows,
        tuple(claims),
        asked=(
            *(Claim(f"{unit}-6-gain64", f"{unit}-6") for unit in ("rrau", "arru", "raru")),
            *(Claim(f"{unit}-6-gain64", "rru-6") for unit in ("rrau", "arru", "raru")),
            Claim("raru-6", "resnet"),  # Fig. 5 says so, without a number
        ),
        curves=Curves(("resnet", "rru-6", "rrau-6", "arru-6", "rru+a-6", "raru-6")),
    )


def a3() -> Table:
    """Residual modes: map over identity over the scalar lambda over none."""
    order = ("NRL", "RL", "NRL-", "no-RL")
    claims = [Claim(a, b, m) for m in BOTH for i, a in enumerate(order) for b in order[i + 1 :]]
    title = "residual modes (Fig. 6: PSNR against steps)"
    return Table("a3", title, paper_a.table_3(), tuple(claims), curves=Curves(("RL", "NRL")))


def a4() -> Table:
    """Other networks: NRL has the higher PSNR, NRL-DPL the highest SSIM.

    NRL-DPL also has more PSNR than NRL, and less on BlackBerry: the published numbers choose.
    """
    others = ("APE", "srcnn", "johnson", "dped", "dense-skip", "mcrn")
    claims = [Claim("NRL", k, "PSNR") for k in others]
    claims += [Claim("NRL-DPL", k, "SSIM") for k in (*others, "NRL")]
    claims += [Claim("NRL-DPL", k, "PSNR") for k in ("srcnn", "dense-skip", "NRL")]
    claims += [Claim("NRL", "NRL-DPL", "PSNR")]
    title = "comparison with other networks"
    return Table("a4", title, paper_a.table_4(), tuple(claims))


TABLES: dict[str, Callable[[], Table]] = {"a1": a1, "a2": a2, "a3": a3, "a4": a4}
