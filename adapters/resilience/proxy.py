"""Which proxy a URL is reached through.

Proxies of the environment are obeyed on purpose: behind a company's proxy nothing else
works. Loopback never goes through one, or the simulator of `kimp demo` would be asked
of a proxy that does not know it.
"""

import ipaddress
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine by name or address."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def http_proxy(url: str) -> str | None:
    """Return the HTTP proxy for a URL from the environment, None: go directly.

    Proxies of other kinds (SOCKS) are not supported for requests and ignored.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(url) or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None or not proxy.startswith(("http://", "https://")):
        return None
    return proxy
