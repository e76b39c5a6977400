/** What is opened at its first use, by name, and released together. */
export class OpenedOnce<T extends { release(): Promise<void> }> {
  private readonly opened = new Map<string, Promise<T>>();

  get(name: string, open: () => Promise<T>): Promise<T> {
    let known = this.opened.get(name);
    if (!known) {
      known = open();
      this.opened.set(name, known);
    }
    return known;
  }

  dispose(): void {
    for (const each of this.opened.values()) {
      // One that did not open has told whoever waited for it.
      each.then((ready) => ready.release()).catch(() => {});
    }
    this.opened.clear();
  }
}
