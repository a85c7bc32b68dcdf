import { styleText } from 'node:util';

/** Who a line is about. */
export type Speaker = 'reseller' | 'offergrid' | 'provider' | 'crew' | 'product' | 'operator' | 'notified';

/** Where lines go. Times are epoch milliseconds. */
export interface LiveLines {
  /** `scene` is the order's name; lines come out in the order they happened. */
  say(at: number, scene: string, speaker: Speaker, text: string): void;
  /** Prints what is held back, and from now on nothing waits. */
  flush(): void;
}

/** Sources are asked one after the other: a line waits so long for an earlier one. */
const HELD_MS = 700;
const SCENE_WIDTH = 16;
const SPEAKER_WIDTH = 9;

export const isColourful = (): boolean => process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === '';

/** Prints to stdout; `stamp` writes the time of a line. */
export function startLiveLines(stamp: (at: number) => string): LiveLines {
  const waiting: { at: number; text: string }[] = [];
  const colourful = isColourful();
  const print = (until: number) => {
    waiting.sort((a, b) => a.at - b.at);
    while (waiting[0] !== undefined && waiting[0].at <= until) console.log(waiting.shift()?.text);
  };
  const timer = setInterval(() => print(Date.now() - HELD_MS), 100);
  timer.unref();
  return {
    say(at, scene, speaker, text) {
      const who = speaker.padEnd(SPEAKER_WIDTH);
      const shown = colourful ? styleText(speaker === 'notified' ? 'yellow' : 'cyan', who) : who;
      waiting.push({ at, text: `${stamp(at)}  ${scene.padEnd(SCENE_WIDTH)}  ${shown}  ${text}` });
    },
    flush() {
      clearInterval(timer);
      print(Infinity);
    },
  };
}
