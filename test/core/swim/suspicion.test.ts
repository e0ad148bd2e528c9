import { describe, expect, it } from "vitest";
import { profiles, type SwimConfig } from "../../../src/core/swim/config.ts";
import { Suspicion } from "../../../src/core/swim/suspicion.ts";

const config = profiles.lan as SwimConfig;

describe("suspicion", () => {
  it("lasts the longest time until others confirm it", () => {
    const suspicion = new Suspicion(config, 10, "a", 1000);
    expect(suspicion.deadline).toBe(25_000);
    expect(suspicion.confirm("b")).toBe(true);
    expect(suspicion.deadline).toBe(1000 + 11_381);
    expect(suspicion.confirm("c")).toBe(true);
    expect(suspicion.deadline).toBe(5_000);
  });

  it("counts neither its originator, nor an accuser twice, nor more than it needs", () => {
    const suspicion = new Suspicion(config, 10, "a", 0);
    expect(suspicion.confirm("a")).toBe(false);
    expect(suspicion.confirm("b")).toBe(true);
    expect(suspicion.confirm("b")).toBe(false);
    expect(suspicion.confirm("c")).toBe(true);
    expect(suspicion.confirm("d")).toBe(false);
    expect(suspicion.confirmations).toBe(2);
  });

  it("is short at once in a cluster too small for confirmations", () => {
    const suspicion = new Suspicion(config, 3, "a", 0);
    expect(suspicion.expected).toBe(0);
    expect(suspicion.deadline).toBe(4_000);
    expect(suspicion.confirm("b")).toBe(false);
  });
});
