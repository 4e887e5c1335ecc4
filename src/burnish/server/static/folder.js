// Photos out of folders: chosen or dropped.

// What is taken for a photo: as the file dialogue for single photos is told.
export function photosOf(files) {
  const endings = document.getElementById("files").accept.split(",").filter((part) => part.startsWith("."));
  const isPhoto = ({ name, type }) => !name.startsWith(".")
    && (type.startsWith("image/") || endings.some((end) => name.toLowerCase().endsWith(end)));
  return files.filter(isPhoto);
}

// All files of a drop, and the photos in its folders and in their folders.
export async function dropped(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const found = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()); // before any wait
  const files = await Promise.all(found.map(async (one) => {
    if (one instanceof File) return [one];
    return one.isFile ? filesIn(one) : photosOf(await filesIn(one));
  }));
  return files.flat();
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), files = [];
  for (;;) { // a reader gives a hundred entries at a time, then none
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return files;
    for (const inner of some) files.push(...await filesIn(inner));
  }
}
