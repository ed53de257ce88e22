// Addresses of files: which are on this machine, and where the page fetches them.

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;

/** The sandbox's own files are fetched from where the page came from, whatever name that host has. */
export function localAddress(address) {
  try {
    const url = new URL(address, location.href);
    if (!["http:", "https:"].includes(url.protocol)) return "#";
    const ours = url.pathname.startsWith("/cdn/") && LOOPBACK.test(url.hostname);
    return ours ? url.pathname + url.search : url.href;
  } catch {
    return "#";
  }
}

/** Whether it lies on this machine; nothing else is ever fetched by the page. */
export function isLocal(address) {
  try {
    const { hostname } = new URL(address, location.href);
    return LOOPBACK.test(hostname) || hostname === location.hostname;
  } catch {
    return false;
  }
}
