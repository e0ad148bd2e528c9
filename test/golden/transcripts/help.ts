/** Names in the recorded help texts, by command; behind `serf` the names of the commands. The texts themselves are not kept. */
export const recorded: Readonly<Record<string, readonly string[]>> = {
  "agent": [
    "-advertise",
    "-bind",
    "-broadcast-timeout",
    "-config-dir",
    "-config-file",
    "-disable-compression",
    "-discover",
    "-encrypt",
    "-event-handler",
    "-iface",
    "-join",
    "-keyring-file",
    "-log-level",
    "-mdns-disable-ipv4",
    "-mdns-disable-ipv6",
    "-mdns-iface",
    "-node",
    "-profile",
    "-protocol",
    "-rejoin",
    "-retry-interval",
    "-retry-join",
    "-retry-max",
    "-role",
    "-rpc-addr",
    "-snapshot",
    "-syslog",
    "-tag",
    "-tags-file"
  ],
  "event": [
    "-coalesce",
    "-rpc-addr",
    "-rpc-auth"
  ],
  "force-leave": [
    "-prune",
    "-rpc-addr",
    "-rpc-auth"
  ],
  "info": [
    "-format",
    "-rpc-addr",
    "-rpc-auth"
  ],
  "join": [
    "-replay",
    "-rpc-addr",
    "-rpc-auth"
  ],
  "keys": [
    "-install",
    "-list",
    "-remove",
    "-rpc-addr",
    "-rpc-auth",
    "-use"
  ],
  "leave": [
    "-rpc-addr",
    "-rpc-auth"
  ],
  "members": [
    "-detailed",
    "-format",
    "-name",
    "-role",
    "-rpc-addr",
    "-rpc-auth",
    "-status",
    "-tag"
  ],
  "monitor": [
    "-log-level",
    "-rpc-addr",
    "-rpc-auth"
  ],
  "query": [
    "-format",
    "-no-ack",
    "-node",
    "-relay-factor",
    "-rpc-addr",
    "-rpc-auth",
    "-tag",
    "-timeout"
  ],
  "reachability": [
    "-rpc-addr",
    "-rpc-auth",
    "-verbose"
  ],
  "rtt": [
    "-rpc-addr",
    "-rpc-auth"
  ],
  "tags": [
    "-delete",
    "-rpc-addr",
    "-rpc-auth",
    "-set"
  ],
  "serf": [
    "agent",
    "event",
    "force-leave",
    "info",
    "join",
    "keygen",
    "keys",
    "leave",
    "members",
    "monitor",
    "query",
    "reachability",
    "rtt",
    "tags",
    "version"
  ],
  "keygen": []
};

/** Flags in our help alone. Go's agent has `-replay` too and does not mention it. */
export const added: Readonly<Record<string, readonly string[]>> = { agent: ["-allowed-cidrs", "-coalesce-period", "-dead-node-reclaim-time", "-handler-timeout", "-label", "-log-format", "-quiescent-period", "-replay", "-user-coalesce-period", "-user-quiescent-period", "-verify-incoming", "-verify-outgoing"] };
