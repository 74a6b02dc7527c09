const t0 = performance.now(); const log = (m) => console.log(((performance.now() - t0) / 1000).toFixed(1), m);
const { openInCloud } = await import("./dist/cloud/open-in-cloud.js");
const storage = await openInCloud(); log("open");
for (let i = 0; i < 20; i++) await storage.save("k" + i, { i }); log("20 saves");
await Promise.all(Array.from({ length: 100 }, (_, i) => storage.save("p" + i, { i }))); log("100 at once");
await storage.batch(Array.from({ length: 100 }, (_, i) => ({ type: "save", key: "b" + i, data: { i } }))); log("batch of 100");
await Promise.all(Array.from({ length: 100 }, (_, i) => storage.load("p" + i))); log("100 loads");
await storage.close(); log("closed");
