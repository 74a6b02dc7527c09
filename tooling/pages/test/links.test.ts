import { describe, expect, it } from "vitest";
import { findDead } from "../src/external-links.ts";
import { brokenLinks, externalLinks } from "../src/links.ts";
import { readPages } from "../src/pages.ts";

it("leads somewhere from every page", () => {
  expect(brokenLinks(readPages())).toEqual([]);
});

describe("the check itself", () => {
  const page = (text: string) => [{ path: "docs/page.md", text }];

  it("tells a file that is not there, a heading that is not there, and a page of the site that is not there", () => {
    const text = "# Words\n\n[a](./nothing.md) [b](#words) [c](#more) [d](../README.md) [e](/nowhere) ![f](x.svg)\n";
    expect(brokenLinks(page(text))).toEqual([
      "docs/page.md:3: ./nothing.md leads to no file",
      "docs/page.md:3: #more leads to no heading",
      "docs/page.md:3: /nowhere leads to no file",
      "docs/page.md:3: x.svg leads to no file",
    ]);
  });

  it("knows the links of a home page, and counts headings of one name", () => {
    expect(brokenLinks(page("---\nhero:\n  link: /none\n---\n# A\n\n## A\n\n[a](#a-1) [b](#a-2)\n"))).toEqual([
      "docs/page.md:9: #a-2 leads to no heading",
      "docs/page.md:3: /none leads to no file",
    ]);
  });

  it("collects each address once, and tells those that do not answer", async () => {
    const links = externalLinks(page("[a](https://a.test/x#1) [b](https://a.test/x#2) [c](https://b.test)\n"));
    expect(links.map(({ target }) => target).sort()).toEqual(["https://a.test/x#1", "https://b.test"]);
    const ask = async (address: string | URL | Request): Promise<Response> => {
      if (address === "https://down.test") throw new Error("refused");
      return new Response("", { status: address === "https://gone.test" ? 404 : 200 });
    };
    expect(await findDead(["https://a.test", "https://down.test", "https://gone.test"], ask)).toEqual([
      "https://down.test does not answer: refused",
      "https://gone.test answers 404",
    ]);
  });
});
