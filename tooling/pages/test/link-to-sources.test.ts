import { linkToSources } from "@holdfast/docs/link-to-sources";
import MarkdownIt from "markdown-it";
import { expect, it } from "vitest";

function render(text: string, sources?: string): string {
  return new MarkdownIt().use(linkToSources, { sources }).render(text, { relativePath: "guides/page.md" }).trim();
}

it("leads into the repository where a link leaves docs/", () => {
  expect(render("[core](../../packages/core)", "https://code.test/tree/")).toBe(
    '<p><a href="https://code.test/tree/packages/core">core</a></p>',
  );
});

it("is plain text where nobody said at which address that is", () => {
  expect(render("see [core](../../packages/core).")).toBe("<p>see <span>core</span>.</p>");
});

it("leaves other links alone", () => {
  const text = "[a](../keys.md) [b](#c) [d](/start) [e](https://e.test)";
  expect(render(text)).toBe(new MarkdownIt().render(text).trim());
});
