"""The headers of every reply, in one place; no page can leave one out."""

from litestar.types import Message, Scope

# Nothing inline, no other host, nothing framed: all CSS and JavaScript are files of ours.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# Blocks every swap of htmx 2, so only where htmx never runs: the answering pages.
ANSWER_POLICY = f"{POLICY}; require-trusted-types-for 'script'"
ANSWER_PAGES = "/svar"

HEADERS = {
    "strict-transport-security": f"max-age={2 * 365 * 24 * 60 * 60}; includeSubDomains",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
        "magnetometer=(), microphone=(), midi=(), payment=(), usb=()"
    ),
}


def _encoded(policy: str) -> list[tuple[bytes, bytes]]:
    """As the server sends them, made once: this runs before every reply."""
    all_of_them = {**HEADERS, "content-security-policy": policy}
    return [(name.encode(), value.encode()) for name, value in all_of_them.items()]


ON_ANSWER, ON_OTHER = _encoded(ANSWER_POLICY), _encoded(POLICY)
NO_STORE = (b"cache-control", b"no-store")
LATER = (b"retry-after", b"5")  # seconds: a batch that could not be written, a database's restart
RESERVED = frozenset(name for name, _ in ON_OTHER)


async def add(message: Message, scope: Scope) -> None:
    """Litestar's before_send hook: it sees every reply, error pages and unknown paths included."""
    if message["type"] != "http.response.start":
        return
    kept = [header for header in message["headers"] if header[0] not in RESERVED]
    ours = ON_ANSWER if is_answer_page(scope["path"]) else ON_OTHER
    # Assets and a wave's public key say themselves that they may be kept.
    says_itself = any(name == b"cache-control" for name, _ in kept)
    also = [] if says_itself else [NO_STORE]
    if message["status"] == 503:
        also.append(LATER)
    message["headers"] = [*kept, *ours, *also]


def is_answer_page(path: str) -> bool:
    return path == ANSWER_PAGES or path.startswith(f"{ANSWER_PAGES}/")
