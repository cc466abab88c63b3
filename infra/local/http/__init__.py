"""HTTP on one machine: sockets, limits and bodies, up to a request that the gateway takes."""
