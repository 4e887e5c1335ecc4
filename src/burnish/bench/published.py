"""What the papers print: every literature number that burnish sets beside its own, and only here.

    PUBLISHED[table][data set][row] = values in the order of the table's metrics

Rows have the names that the table commands use. A value is None where the paper prints a dash.
"""

Values = tuple[float | None, ...]

_UNITS = ("rru", "rrau", "arru", "rru+a", "raru")
_TABLE_2 = {
    1: (22.45, 22.75, 22.69, None, 22.72),
    3: (22.53, 22.81, 22.74, 22.77, 22.78),
    6: (22.50, 22.81, 22.67, 22.81, 22.86),
    12: (22.56, 22.73, 22.72, 22.78, 22.82),
    24: (22.60, 22.79, 22.73, 22.82, 22.91),
}
_NETWORKS = ("APE", "srcnn", "johnson", "dped", "dense-skip", "mcrn", "NRL", "NRL-DPL")

_ENLARGERS = (
    *("bicubic", "RFA", "EDRN", "CS-NL", "RCAN", "DPE+IMDN", "IMDN+DPE", "DRBN+IMDN"),
    *("Deep SR-PIE", "Deep SR-PIE+"),
)
# fmt: off
_TABLE_B2: dict[str, Values] = {  # PSNR, SSIM of each of these in turn
    "alltuu2": (
        18.0148, 0.8681, 28.6200, 0.9434, 27.0256, 0.9393, 28.9105, 0.9573, 28.0124, 0.9398,
        19.8399, 0.8892, 19.5657, 0.8832, 29.1156, 0.9587, 29.8379, 0.9649, 29.8563, 0.9684,
    ),
    "Set14": (
        30.24, 0.8688, 34.16, 0.9220, 33.65, 0.9185, 34.12, 0.9223, 34.11, 0.9216,
        None, None, None, None, 33.65, 0.9173, 34.20, 0.9228, 34.21, 0.9230,
    ),
    "BSD100": (
        29.56, 0.8431, 32.41, 0.9026, 32.29, 0.9010, 32.40, 0.9024, 32.41, 0.9026,
        None, None, None, None, 32.23, 0.9103, 32.46, 0.9030, 32.48, 0.9031,
    ),
    "Urban100": (
        26.88, 0.8403, 33.33, 0.9389, 32.35, 0.9307, 33.25, 0.9386, 33.34, 0.9284,
        None, None, None, None, 32.20, 0.9286, 33.39, 0.9392, 33.40, 0.9395,
    ),
    "Set5": (
        33.66, 0.9299, 38.26, 0.9615, 38.13, 0.9609, 38.28, 0.9616, 38.27, 0.9614,
        None, None, None, None, 38.09, 0.9609, 38.31, 0.9619, 38.33, 0.9620,
    ),
}
# fmt: on

PUBLISHED: dict[str, dict[str, dict[str, Values]]] = {
    # Paper A, NRL-DPL, on DPED: PSNR in dB on RGB, SSIM.
    "a1": {
        "iphone": {
            "conv3": (22.35, 0.8868),
            "conv9": (22.31, 0.8897),
            "msb": (22.37, 0.8876),
            "fmsb3": (22.38, 0.8862),
            "fmsb": (22.41, 0.8901),
        }
    },
    "a2": {
        "iphone": {
            f"{unit}-{n}": (psnr,)
            for n, row in _TABLE_2.items()
            for unit, psnr in zip(_UNITS, row, strict=True)
            if psnr is not None
        }
    },
    "a3": {
        "iphone": {
            "no-RL": (22.86, 0.9114),
            "RL": (23.33, 0.9211),
            "NRL-": (23.26, 0.9190),
            "NRL": (23.36, 0.9211),
        },
        "blackberry": {
            "no-RL": (22.38, 0.9245),
            "RL": (22.54, 0.9306),
            "NRL-": (22.44, 0.9277),
            "NRL": (22.54, 0.9333),
        },
        "sony": {
            "no-RL": (24.20, 0.9401),
            "RL": (24.48, 0.9435),
            "NRL-": (24.42, 0.9421),
            "NRL": (24.57, 0.9448),
        },
    },
    # The order is the one that the differences quoted in the text fix; the printed headings are off
    # by one citation.
    "a4": {
        phone: dict(zip(_NETWORKS, zip(psnr, ssim, strict=True), strict=True))
        for phone, psnr, ssim in (
            (
                "iphone",
                (17.28, 19.27, 20.32, 21.35, 22.69, 22.52, 23.34, 23.38),
                (0.8631, 0.8992, 0.9161, 0.9201, 0.9205, 0.9227, 0.9210, 0.9273),
            ),
            (
                "blackberry",
                (18.91, 18.89, 20.11, 20.66, 21.97, 22.39, 22.53, 22.48),
                (0.8922, 0.9134, 0.9298, 0.9328, 0.9331, 0.9336, 0.9333, 0.9354),
            ),
            (
                "sony",
                (19.45, 21.21, 21.33, 22.01, 23.89, 23.86, 24.55, 25.03),
                (0.9168, 0.9382, 0.9434, 0.9437, 0.9428, 0.9461, 0.9448, 0.9477),
            ),
        )
    },
    # Mean scores of 29 raters on 100 pictures: colour, texture, luminance, overall, average.
    "a5": {
        "VOC2012-LQ100": {
            "original": (2.0, 2.7, 1.6, 2.9, 2.30),
            "srcnn": (3.1, 2.6, 2.0, 2.5, 2.55),
            "dped": (3.0, 1.8, 3.8, 3.1, 2.93),
            "dense-skip": (3.3, 2.7, 3.3, 3.4, 3.18),
            "NRL-DPL": (3.9, 3.0, 3.4, 3.6, 3.48),
        }
    },
    # Paper B, Deep SR-PIE, Table 1: the ablation on Alltuu2, which is not public.
    "b1": {
        "alltuu2": {
            "full": (29.8379, 0.9649),
            "inputs d,b": (29.6535, 0.9609),
            "inputs d,i": (29.6946, 0.9617),
            "inputs i,i": (29.7498, 0.9622),
            "no HFA_1": (28.1826, 0.9478),
            "no HFA_2": (29.2153, 0.9604),
            "no HFA_3": (28.8468, 0.9557),
            "A_v1": (29.5842, 0.9609),
            "A_v2": (27.7855, 0.9467),
            "no PENet": (28.7678, 0.9613),
            "pixel-shuffle": (29.4711, 0.9598),
        }
    },
    # Table 2: x2. PSNR and SSIM of luma for all sets but Alltuu2.
    "b2": {
        name: {
            row: (psnr, ssim)
            for row, psnr, ssim in zip(_ENLARGERS, values[::2], values[1::2], strict=True)
            if psnr is not None
        }
        for name, values in _TABLE_B2.items()
    },
}

B2_COST: dict[str, tuple[float | None, float | None]] = {
    "RFA": (11.14, 5.214),
    "EDRN": (58.49, 4.43),
    "CS-NL": (3.0, 6.635),
    "RCAN": (15.59, 7.125),
    "DRBN+IMDN": (0.77, 0.43),
    "Deep SR-PIE": (0.76, 0.46),
    "Deep SR-PIE+": (0.77, 1.85),
}
"""Table 2: million parameters, and seconds on Alltuu2 (sizes and machine are not stated)."""
