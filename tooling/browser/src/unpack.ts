// Run as a process of its own, whose TMPDIR is where everything goes. The variable tells the package to bring the
// libraries that Chromium needs along, so that nothing has to be installed in the system.
process.env["AWS_EXECUTION_ENV"] = "AWS_Lambda_nodejs24.x";
const { default: chromium } = await import("@sparticuz/chromium");
await chromium.executablePath();
