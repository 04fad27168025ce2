import { beforeEach, describe, expect, it } from "vitest";
import { Link } from "../src/core/link";
import { FakeWorld } from "./world";

let world: FakeWorld;
let link: Link;

beforeEach(() => {
  world = new FakeWorld();
  link = new Link(world, { opened: () => {}, frame: () => {}, changed: () => {} });
  link.start();
});

describe("the link", () => {
  it("knocks at once, and after each refusal a little later", () => {
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      world.socket.die();
      const [since, before] = [world.ms, world.sockets.length];
      while (world.sockets.length === before) world.pass(10);
      waits.push(Math.round((world.ms - since) / 100) * 100);
    }
    expect(waits).toEqual([0, 500, 1_000, 2_000, 4_000, 5_000]);
  });

  it("throws away a socket that stays silent for more than 6 s, though it looks open", () => {
    const first = world.answer();
    world.pass(6_000);
    expect(first.closed).toBe(false);
    world.pass(1_000);
    expect(first.closed).toBe(true);
    expect(world.sockets.length).toBeGreaterThan(1);
  });

  it("throws away a knock that hangs for 4 s and knocks again at once", () => {
    const first = world.socket;
    world.pass(4_600);
    expect(first.closed).toBe(true);
    expect(world.sockets).toHaveLength(2);
  });

  it("keeps a socket on which heartbeats come", () => {
    const first = world.answer();
    for (let i = 0; i < 10; i++) {
      world.pass(2_000);
      world.beat();
    }
    expect(first.closed).toBe(false);
    expect(world.sockets).toHaveLength(1);
  });

  it("does not wait for the next attempt when the phone wakes up", () => {
    world.answer();
    for (let i = 0; i < 4; i++) {
      world.socket.die();
      world.pass(1);
    }
    const before = world.sockets.length;
    world.socket.die();
    world.pass(0);
    link.wake();
    world.pass(0);
    expect(world.sockets.length).toBeGreaterThan(before);
  });

  it("leaves a healthy connection alone when the phone is looked at", () => {
    world.answer();
    link.wake();
    world.pass(100);
    expect(world.sockets).toHaveLength(1);
  });

  it("makes nothing new after it was stopped", () => {
    link.stop();
    link.wake();
    world.pass(60_000);
    expect(world.sockets).toHaveLength(1);
    expect(world.socket.closed).toBe(true);
  });
});
