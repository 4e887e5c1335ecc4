"""`burnish bench`: how fast it runs here, and the papers' tables. Each part is a module here."""

PARTS = {
    "speed": "One patch on every backend of a device, or untrained networks.",
    "process": "Cold start to file written, and peak memory.",
    "folder": "Photos a minute of a folder, and where the time goes.",
    "fast": "How close fast mode comes to full mode.",
    "looks": "Learned looks against simpler ways.",
    "table": "A table of a paper, trained and scored.",
    "joint": "One network for both tasks, or two in turn.",
    "curves": "What a run logged, drawn.",
}
