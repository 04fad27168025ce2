import { beforeEach, describe, expect, it } from "vitest";
import { PhoneLine } from "../src/core/telephone";
import { card, FakeWorld, NOON, settle, snapshot } from "./world";

let world: FakeWorld;
let line: PhoneLine;

beforeEach(async () => {
  world = new FakeWorld();
  line = new PhoneLine(world);
  await line.start();
});

const call = (changes = {}, n = 2) => ({ t: "call", n, ring: true, card: card(changes) }) as const;
const ok = (op: string) =>
  ({
    t: "answer",
    op,
    ok: true,
    reason: "taken",
    text: "",
    call: "1-7",
    by: null,
    recorded: true,
  }) as const;

describe("a telephone", () => {
  it("says hello, and answers each heartbeat at once with what it can do", () => {
    const socket = world.answer(card());
    world.beat(1, { beat: 9 });
    expect(socket.said("hello")).toMatchObject([{ v: 1, resume: null, lang: "nb" }]);
    expect(socket.said("alive")).toMatchObject([
      {
        n: 1,
        beat: 9,
        visible: true,
        audio: true,
        wake_lock: true,
        battery: 80,
        outbox: 0,
        ringing: ["1-7"],
      },
    ]);
  });

  it("rings for a call, and says received, ringing and seen, each once", async () => {
    const socket = world.answer();
    socket.say(call());
    await settle();
    world.beat(2);
    await settle();
    expect(world.rings.at(-1)).toBe("urgent");
    expect(socket.said("receipt").map(({ kind }) => kind)).toEqual(["received", "ringing", "seen"]);
  });

  it("never says ringing after somebody did not hear the sound, until it is confirmed", async () => {
    world.confirmed = false;
    const socket = world.answer(card());
    world.beat();
    await settle();
    expect(socket.said("receipt").map(({ kind }) => kind)).toEqual(["received", "seen"]);
    expect(socket.said("alive").at(-1)).toMatchObject({ audio: false, ringing: [] });
    world.confirmed = true;
    line.audioChanged();
    await settle();
    expect(socket.said("receipt").at(-1)).toMatchObject({ kind: "ringing" });
  });

  it("tells the hub at once when what it can do has changed, and only then", async () => {
    const socket = world.answer();
    world.beat(3, { beat: 4 });
    line.wake();
    expect(socket.said("alive")).toHaveLength(1);
    world.confirmed = false;
    line.audioChanged();
    expect(socket.said("alive")).toHaveLength(2);
    expect(socket.said("alive").at(-1)).toMatchObject({ beat: 4, audio: false });
  });

  it("never says ringing while its audio does not run, and does as soon as it runs", async () => {
    world.audible = false;
    const socket = world.answer(card());
    await settle();
    expect(socket.said("receipt").map(({ kind }) => kind)).toEqual(["received", "seen"]);
    world.audible = true;
    line.audioChanged();
    await settle();
    expect(socket.said("receipt").map(({ kind }) => kind)).toContain("ringing");
  });

  it("never says seen on a page that nobody can see", async () => {
    world.visible = false;
    const socket = world.answer(card());
    await settle();
    expect(socket.said("receipt").map(({ kind }) => kind)).toEqual(["received", "ringing"]);
  });

  it("gives new receipts when the patient presses again", async () => {
    const socket = world.answer(card());
    await settle();
    socket.say(call({ ring: 2, pressed: 2 }));
    await settle();
    expect(socket.said("receipt").filter(({ ring }) => ring === 2)).toHaveLength(3);
  });

  it("sounds at once when the patient presses again, and not for a ring that is only repeated", () => {
    const socket = world.answer(card());
    expect(world.rings).toEqual(["urgent"]);
    socket.say(call());
    expect(world.rings).toEqual(["urgent"]);
    socket.say(call({ ring: 2, pressed: 2 }, 3));
    expect(world.rings).toEqual(["urgent", "urgent"]);
    socket.say(call({ id: "1-8" }, 4));
    expect(world.rings).toEqual(["urgent", "urgent", "urgent"]);
  });

  it("sounds for the most urgent of several calls, and for none when all are gone", () => {
    const socket = world.answer(card({ id: "1-1", priority: 3 }));
    expect(world.rings.at(-1)).toBe("routine");
    socket.say(call({ id: "1-2", type: "assist", priority: 0 + 1 }));
    expect(world.rings.at(-1)).toBe("assistance");
    socket.say({ t: "gone", n: 3, call: "1-2", reason: "closed", by: null, text: "" });
    socket.say({ t: "gone", n: 4, call: "1-1", reason: "closed", by: null, text: "" });
    expect(world.rings.at(-1)).toBeNull();
  });

  it("sounds quietly for a quiet call, says ringing of it, and loudly once it is quiet no more", async () => {
    const socket = world.answer();
    socket.say(call({ priority: 2, quiet: true }));
    await settle();
    expect(world.rings.at(-1)).toBe("quiet");
    expect(socket.said("receipt").map(({ kind }) => kind)).toEqual(["received", "ringing", "seen"]);
    socket.say({ ...call({ priority: 2, rung: 1 }, 3), ring: false });
    expect(world.rings.at(-1)).toBe("important");
    socket.say({ ...call({ priority: 2, quiet: true, ring: 0, state: "taken" }, 4), ring: false });
    expect(world.rings.at(-1)).toBeNull();
  });

  it("asks for a snapshot on the same socket when a frame is missing", () => {
    const socket = world.answer();
    socket.say(call({}, 5));
    expect(socket.said("hello")).toHaveLength(2);
    expect(socket.said("hello")[1]).toMatchObject({ resume: 5 });
    expect(world.sockets).toHaveLength(1);
  });

  it("asks for a snapshot when the hub's fingerprint differs twice running", async () => {
    const socket = world.answer(card());
    world.beat(1, { hash: "other" });
    await settle();
    expect(socket.said("hello")).toHaveLength(1);
    world.beat(1, { hash: "other" });
    await settle();
    expect(socket.said("hello")).toHaveLength(2);
  });
});

describe("a tap", () => {
  it("leaves at once, is quiet here while on its way, and is forgotten when answered", async () => {
    const socket = world.answer(card());
    line.act("take", "1-7");
    const [op] = socket.said("op");
    expect(op).toMatchObject({ action: "take", call: "1-7" });
    expect(world.rings.at(-1)).toBeNull();
    expect(line.busy("1-7")).toBe(true);
    socket.say(ok(op?.op ?? ""));
    await settle();
    expect(line.pending("1-7")).toBeUndefined();
    expect(world.outbox.rows.size).toBe(0);
  });

  it("without contact waits, survives a reload, and is sent once with the same id", async () => {
    world.answer(card()).die();
    line.act("take", "1-7");
    await settle();
    const [id] = [...world.outbox.rows.keys()];
    expect(line.pending("1-7")).toBeDefined();

    const reloaded = new PhoneLine(world);
    await reloaded.start();
    const socket = world.answer(card());
    expect(socket.said("op").map(({ op }) => op)).toEqual([id]);
  });

  it("without contact silences nobody: not even this telephone for long", () => {
    world.answer(card()).die();
    line.act("take", "1-7");
    expect(world.rings.at(-1)).toBeNull();
    world.pass(3_500);
    expect(world.rings.at(-1)).toBe("urgent");
  });

  it("that was not answered is sent again with the same id, never as another tap", () => {
    const socket = world.answer(card());
    line.act("take", "1-7");
    for (let i = 0; i < 4; i++) {
      world.pass(2_000);
      world.beat();
    }
    const ids = socket.said("op").map(({ op }) => op);
    expect(ids.length).toBe(2);
    expect(new Set(ids).size).toBe(1);
  });

  it("older than ten minutes becomes a note and is never sent", async () => {
    world.answer(card()).die();
    line.act("take", "1-7");
    world.pass(11 * 60_000);
    const socket = world.answer(card());
    await settle();
    expect(socket.said("op")).toEqual([]);
    expect(line.view.notices.map(({ what }) => what.is)).toEqual(["too_old"]);
    expect(world.outbox.rows.size).toBe(0);
  });

  it("says its time by the hub's clock, however wrong this telephone's is", () => {
    world.wrongBy = -3_600_000;
    const socket = world.answer(card());
    world.pass(2_000);
    line.act("take", "1-7");
    expect(socket.said("op")[0]?.at).toBe(new Date(NOON + 2_000).toISOString());
  });

  it("that waited says when it was tapped, by the clock of the hub it finds", () => {
    world.wrongBy = 3_600_000;
    world.answer(card()).die();
    line.act("take", "1-7");
    world.pass(20_000);
    const socket = world.answer(card());
    expect(socket.said("op")[0]?.at).toBe(new Date(NOON).toISOString());
  });

  it("rings again here after three seconds also where the clock was set back meanwhile", () => {
    world.answer(card());
    line.act("take", "1-7");
    world.wrongBy = -3_600_000;
    world.pass(4_000);
    expect(world.rings.at(-1)).toBe("urgent");
  });

  it("is sent for nobody but who tapped it", async () => {
    world.answer(card()).die();
    line.act("arrive", "1-7");
    await settle();
    const reloaded = new PhoneLine(world);
    await reloaded.start();
    world.socket.onopen?.();
    world.socket.say({
      ...snapshot(world.ms, card()),
      me: { id: "per", name: "Per", role: "carer", competence: 2, units: [] },
    });
    await settle();
    expect(world.socket.said("op")).toEqual([]);
    expect(reloaded.view.waiting).toEqual([]);
    expect(world.outbox.rows.size).toBe(0);
  });

  it("keeps the order of taps also across a reload", async () => {
    world.answer(card()).die();
    line.act("take", "1-7");
    line.act("arrive", "1-7");
    await settle();
    const reloaded = new PhoneLine(world);
    await reloaded.start();
    expect(
      world
        .answer(card())
        .said("op")
        .map(({ action }) => action),
    ).toEqual(["take", "arrive"]);
  });
});

describe("no contact", () => {
  it("is shown after 6 s and sounds after 10 s, then every 30 s, then back", () => {
    world.answer();
    world.beat();
    world.pass(6_600);
    expect(line.view.contact).toBe("lost");
    expect(world.warnings).toEqual([]);
    world.pass(4_000);
    expect(world.warnings).toEqual(["lost"]);
    world.pass(30_000);
    expect(world.warnings).toEqual(["lost", "lost"]);
    world.answer();
    expect(line.view.contact).toBe("connected");
    expect(world.warnings.at(-1)).toBe("back");
  });

  it("keeps the last known calls on the screen, and remembers when the last came", () => {
    world.answer().say(call());
    world.pass(20_000);
    expect(line.view.shown?.calls).toHaveLength(1);
    expect(line.view.lastCallAt).toBe(NOON);
  });

  it("is not fought over when another page of this phone took the line", () => {
    const socket = world.answer(card());
    socket.say({ t: "bye", reason: "replaced", text: "" });
    world.pass(60_000);
    expect(line.view.ended).toBe("replaced");
    expect(line.view.shown).toBeNull();
    expect(world.sockets).toHaveLength(1);
    expect(world.rings.at(-1)).toBeNull();
  });
});

describe("signing out", () => {
  it("leaves nothing of anybody behind", async () => {
    world.answer(card());
    line.act("take", "1-7");
    await line.stop();
    expect(line.view.shown).toBeNull();
    expect(line.view.waiting).toEqual([]);
    expect(world.outbox.rows.size).toBe(0);
    expect(world.rings.at(-1)).toBeNull();
  });
});
