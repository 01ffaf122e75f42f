// What the parts of the page share: the clips, which of them is selected, and who wants to know.

/**
 * @typedef {"approved"|"rejected"|"undecided"} Decided
 * @typedef {{decided: Decided, at: string, by: string, reason: string}} Decision
 * @typedef {{kind: string, file: string, entry: string, part: string, level: string, source: string, line: number|null}} Use
 * @typedef {{rule: string, measured: string, limit: string, told: string}} Finding
 * @typedef {[kana: string, accent: number, pause: boolean]} Phrase
 * @typedef {[kana: string, expected: number, recognized: number|null, margin: number]} AccentMatch
 *
 * @typedef {object} Row  a sound, and where it is heard
 * @property {string} asset
 * @property {string} sha256
 * @property {string} sound  URL, relative to the page
 * @property {Use[]} uses  one at least
 * @property {string} text
 * @property {string|null} reading
 * @property {number|null} accent
 * @property {boolean} sentence
 * @property {Phrase[]} phrases
 * @property {string} basis
 * @property {string} voice
 * @property {number} speed
 * @property {number} seconds
 * @property {number|null} lufs
 * @property {number|null} peak_dbtp
 * @property {Finding[]} findings
 * @property {Decision|null} decision
 * @property {any[]} cues
 * @property {string} peaks
 * @property {string} pitch
 * @property {number} pitch_step
 * @property {any[]} morae
 * @property {AccentMatch[]|null} accents  null where they were not recognized yet
 * @property {any} earlier
 * @property {any} override
 * @property {boolean} again
 *
 * @typedef {object} Player
 * @property {HTMLAudioElement} audio
 * @property {string} url  what is loaded; "" for nothing
 * @property {boolean} playing
 * @property {number} rate
 * @property {(url: string, what?: {from?: number, row?: Row|null}) => Promise<boolean>} play
 * @property {() => void} stop
 * @property {() => void} toggle
 * @property {(seconds: number) => void} seek
 *
 * @typedef {object} App  each method is explained where it is made
 * @property {string} mode  "export" or "serve"
 * @property {string} project
 * @property {string} provider
 * @property {Array<{name: string, speeds: number[]}>} voices
 * @property {Row[]} rows  all clips in catalogue order
 * @property {Row[]} view  what the filters leave, in the order shown
 * @property {number} index  where the selected clip is in the view; -1 if there is none
 * @property {Row|null} row  the selected clip
 * @property {boolean} panelShown
 * @property {Player} player
 * @property {(event: string, heard: (value: any) => void) => () => void} subscribe
 * @property {(row: Row) => Decision|null} decisionOf
 * @property {(decided: Decided, reason?: string) => boolean} decide
 * @property {(where: number|Row, how?: {play?: boolean, focus?: boolean, middle?: boolean}) => void} select
 * @property {(row: Row, replaced?: string) => void} replaceRow
 * @property {(text: string, how?: {urgent?: boolean, show?: boolean, warn?: boolean}) => void} announce
 * @property {(key: string, label: string, press: () => void) => void} key
 * @property {() => void} openPanel
 * @property {(path: string, body: object, leaving?: boolean) => Promise<{ok: boolean, status: number, data: any}>} post
 * @property {(name: string, value: any) => void} remember
 * @property {(name: string, fallback: any) => any} recall
 * @property {() => string} by
 */

/** @type {Map<string, Set<(value: any) => void>>} */
const listeners = new Map();

/** The later files give it more. @type {App} */
const app = /** @type {any} */ ({
  mode: "export",
  project: "",
  provider: "",
  voices: [],
  rows: [],
  view: [],
  index: -1,
  get row() {
    return app.view[app.index] ?? null;
  },
  /**
   * Tells `heard` of each event of this name from now on.
   * @param {string} event
   * @param {(value: any) => void} heard
   * @returns {() => void} ends it
   */
  subscribe(event, heard) {
    const all = listeners.get(event) ?? new Set();
    listeners.set(event, all.add(heard));
    return () => void all.delete(heard);
  },
});

/**
 * Tells all who asked for this event. One that fails does not keep the others from hearing of it.
 * @param {string} event
 * @param {any} value
 */
function emit(event, value) {
  for (const heard of listeners.get(event) ?? []) {
    try {
      heard(value);
    } catch (problem) {
      reportError(problem);
    }
  }
}
