"""The page on which people sign in: a form that works without scripts."""

from __future__ import annotations

from html import escape

__all__ = ["STYLE", "write_bounce", "write_sign_in"]

STYLE = """:root { color-scheme: light dark; font: 15px/1.5 Inter, system-ui, sans-serif; }
body { min-height: 100vh; margin: 0; display: grid; place-items: center; background: #f6f7f9; color: #1c2128; }
main { width: min(22rem, calc(100vw - 5rem)); padding: 1.75rem 2rem 2rem; background: #fff; border: 1px solid #d9dde3;
  border-radius: 10px; box-shadow: 0 1px 3px #0000000f; }
h1 { margin: 0 0 .25rem; font-size: 1.25rem; font-weight: 600; }
p { margin: 0 0 1rem; color: #57606a; }
p.problem { padding: .5rem .75rem; background: #fdecea; color: #8f1d14; border-radius: 6px; }
label { display: block; margin-bottom: 1rem; font-weight: 500; }
input { box-sizing: border-box; width: 100%; margin-top: .25rem; padding: .55rem .7rem; font: inherit; color: inherit;
  background: #fff; border: 1px solid #8b949e; border-radius: 6px; }
button { width: 100%; padding: .6rem; font: inherit; font-weight: 600; color: #fff; background: #0b62a4; border: 0;
  border-radius: 6px; cursor: pointer; }
button:hover { background: #094f86; }
input:focus-visible, button:focus-visible { outline: 2px solid #0b62a4; outline-offset: 2px; }
@media (prefers-color-scheme: dark) {
  body { background: #14171c; color: #e6e9ee; }
  main { background: #1c2027; border-color: #373e47; }
  p { color: #a9b2bd; }
  p.problem { background: #4a1d1a; color: #ffc9c3; }
  input { background: #14171c; border-color: #6e7681; }
  button { background: #1f7fc9; color: #fff; }
  button:hover { background: #2f8fd8; }
}
"""
"""The style sheet of the page, a file of its own: the page allows no style inside it."""
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in - {title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
</head>
<body>
<main>
<h1>{title}</h1>
<p>{words}</p>
{problem}<form method="post" action="{action}">
{fields}<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
"""
_NAME = """<label>Name
<input name="name" value="{name}" autocomplete="username" autocapitalize="none" required{name_focus}></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required{focus}></label>
"""
_FOR_TOKEN = """<label>Token<input name="password" type="password" autocomplete="off" required autofocus></label>
"""
_BOUNCE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={address}"><title>{title}</title>
</head><body><a href="{address}">Continue</a></body></html>
"""


def write_sign_in(title: str, action: str, style: str, name: str | None, problem: str = "") -> str:
    """Writes the page.

    Args:
        title: name of the dashboard.
        action: address that the form is sent to.
        style: address of the style sheet.
        name: of the user, as it was typed before; None where a token is asked for.
        problem: what was wrong; empty for nothing.
    """
    if name is None:
        words, fields = "Open the link that the server printed, or enter its token.", _FOR_TOKEN
    else:
        focus = {"name_focus": "" if name else " autofocus", "focus": " autofocus" if name else ""}
        words, fields = "Sign in to see the runs.", _NAME.format(name=escape(name), **focus)
    told = f'<p class="problem" role="alert">{escape(problem)}</p>\n' if problem else ""
    return _PAGE.format(
        title=escape(title), action=escape(action), style=escape(style), words=words, fields=fields, problem=told
    )


def write_bounce(title: str, address: str) -> str:
    """Writes a page that opens an address of this server at once.

    Browsers leave out the cookie if a page of another server leads here, so the page asks once more by itself.
    """
    return _BOUNCE.format(title=escape(title), address=escape(address))
