/**
 * A stranger without a key: `node flooder.mjs HOST GOSSIP_PORT RPC_PORT KIND...` does this until it is
 * ended, a minute at most: `udp` sends garbage as fast as it can, `tcp` keeps 500 connections to the
 * gossip port open and reopens those that are closed, `garbage` writes to new ones, `rpc` opens 2,000
 * silent connections to the RPC port, `rpc-again` also reopens those that are closed.
 */
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";

const [host, gossip, rpc, ...kinds] = process.argv.slice(2);
/** A machine of its own. */
const localAddress = "127.99.99.99";
setTimeout(() => process.exit(0), 60_000);

/** Keeps connections open, or only opens them once; `opened` says what to do with each. */
function keep(port, count, { opened, again = true } = {}) {
  const open = () => {
    const socket = connect({ port: Number(port), host, localAddress }, () => opened?.(socket));
    socket.on("error", () => undefined).resume();
    if (again) socket.once("close", () => setTimeout(open, 5));
  };
  let left = count;
  const timer = setInterval(() => {
    for (let batch = 0; batch < 50 && left > 0; batch++, left--) open();
    if (left === 0) clearInterval(timer);
  }, 5);
}

function flood() {
  const socket = createSocket("udp4");
  const packets = Array.from({ length: 64 }, (_, index) => randomBytes(40 + 20 * index));
  let sent = 0;
  // The agent opens its port anew.
  socket.on("error", () => undefined);
  socket.connect(Number(gossip), host, () => {
    const burst = () => {
      let pending = packets.length;
      for (const bytes of packets) socket.send(bytes, () => --pending === 0 && setImmediate(burst));
      sent += packets.length;
    };
    burst();
  });
  process.on("SIGTERM", () => {
    console.log(`${sent} packets`);
    process.exit(0);
  });
}

if (kinds.includes("udp")) flood();
if (kinds.includes("tcp")) keep(gossip, 500);
if (kinds.includes("garbage")) keep(gossip, 50, { opened: (socket) => socket.write(randomBytes(2_000)) });
if (kinds.includes("rpc")) keep(rpc, 2_000, { again: false });
if (kinds.includes("rpc-again")) keep(rpc, 2_000);
