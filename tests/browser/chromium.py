"""Opening a page in headless Chromium and asking it questions, without a driver or a network.

The page is saved with one more script at its end.  That script looks at the page, presses its keys
and writes what it found into an element, as JSON; `--dump-dom` prints the document when all of it
has run.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

COMMANDS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MISSING = "needs chromium: apt-get install chromium"

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""No window, and no name that leads anywhere."""

LISTEN = """<script>
window.complaints = [];
addEventListener("error", (event) => complaints.push(String(event.message)));
addEventListener("securitypolicyviolation",
  (event) => complaints.push("asked for " + event.blockedURI));
</script>"""

ASK = """<script>
(() => {
  const put = (value) => {
    const found = document.createElement("pre");
    found.id = "found";
    found.textContent = JSON.stringify(value);
    document.body.append(found);
  };
  const key = (target, name) => target.dispatchEvent(
    new KeyboardEvent("keydown", {key: name, bubbles: true, cancelable: true}));
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  try {
    const answer = (() => { %s })();
    put({answer, complaints: window.complaints});
  } catch (problem) { put({answer: null, complaints: [String(problem), ...window.complaints]}); }
})();
</script>"""

DARK = "--blink-settings=preferredColorScheme=0"


def find() -> str:
    """The browser's command; skips the test when there is none."""
    for name in COMMANDS:
        path = shutil.which(name)
        if path is not None:
            return path
    pytest.skip(MISSING)


def ask(page: str, question: str, *flags: str, size: str = "1400,1000", fragment: str = "") -> Any:
    """What the statements of `question` return, after the page has loaded; JSON goes through.

    `key(element, name)` presses a key and `all(selector)` lists elements.  Fails when the page has
    complained of anything: an error in a script, a resource it wanted.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        text = page.replace("<head>", "<head>" + LISTEN, 1)
        end = text.rindex("</body>")
        path.write_text(text[:end] + ASK % question + text[end:], encoding="utf-8")
        done = subprocess.run(
            [
                find(), *FLAGS, *flags, f"--user-data-dir={folder}/profile",
                f"--window-size={size}", "--dump-dom", path.as_uri() + fragment,
            ],
            capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    result = json.loads(html.unescape(found.group(1)))
    assert result["complaints"] == []
    return result["answer"]
