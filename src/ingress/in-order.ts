/** Puts `item` at its place in a list that is in order. */
export function insertInOrder<Item>(list: Item[], item: Item, isBefore: (one: Item, other: Item) => boolean): void {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const other = list[middle];
    if (other !== undefined && isBefore(other, item)) from = middle + 1;
    else to = middle;
  }
  list.splice(from, 0, item);
}

/** Takes `item` out of a list; nothing happens when it is not in it. */
export function takeOut<Item>(list: Item[], item: Item): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}
