// The one player of the page, and how much of each sound was heard.

const SLOWEST = 0.5;
const FASTEST = 1.5;
const PARTS = 200;
const ENOUGH = 0.9;
const REJECT_SECONDS = 0.5;

const audio = new Audio();
audio.preload = "auto";

/** @type {Map<string, Uint8Array>} by sha256: 1 for each part of the sound that was heard */
const heardParts = new Map();
/** @type {Set<string>} by sha256: sounds that cannot be played here */
const silent = new Set();
/**
 * What is being played: its URL, its clip (null for an earlier sound), and from where on it was heard.
 * @type {{url: string, row: Row|null, from: number, frame: number}}
 */
const playing = { url: "", row: null, from: 0, frame: 0 };

app.player = {
  audio,
  get url() {
    return playing.url;
  },
  get playing() {
    return playing.url !== "" && !audio.paused;
  },
  get rate() {
    return audio.playbackRate;
  },
  set rate(value) {
    setRate(value);
    app.remember("rate", audio.playbackRate);
  },
  play,
  stop,
  toggle,
  seek,
};

/** @param {number} value  0.5..1.5 */
function setRate(value) {
  const rate = Math.min(FASTEST, Math.max(SLOWEST, Math.round(value * 10) / 10)) || 1;
  audio.preservesPitch = true;
  audio.defaultPlaybackRate = rate;
  audio.playbackRate = rate;
  emit("rate", rate);
}

/**
 * Plays a sound from a place.
 * @param {string} url  relative to the page
 * @param {{from?: number, row?: Row|null}} [what]
 * @returns {Promise<boolean>} whether it plays
 */
async function play(url, { from = 0, row = null } = {}) {
  const other = url !== playing.url;
  if (other && app.player.playing) stop();
  Object.assign(playing, { url, row });
  if (other || audio.error) audio.src = url;
  seek(from);
  try {
    await audio.play();
    return true;
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "NotAllowedError")
      app.announce("The browser wants a key or a click first: press space to play.", { show: true });
    return false;
  }
}

/** Ends the sound, if there is one. */
function stop() {
  if (!audio.paused) audio.pause();
}

/** Plays the selected clip from its beginning, or stops what is playing. */
function toggle() {
  if (app.player.playing) return stop();
  if (app.row) play(app.row.sound, { row: app.row });
}

/** @param {number} place  in seconds */
function seek(place) {
  playing.from = place;
  if (audio.currentTime !== place) audio.currentTime = place;
}

/** @returns {number} the length of what is loaded, in seconds */
function duration() {
  return Number.isFinite(audio.duration) ? audio.duration : (playing.row?.seconds ?? 0);
}

/**
 * Notes that the sound was heard from where it was noted last up to here.
 * @param {number} place  in seconds
 */
function noteHeard(place) {
  const { row, from } = playing;
  playing.from = place;
  const whole = duration();
  if (!row || place <= from || whole <= 0) return;
  const parts = heardParts.get(row.sha256) ?? new Uint8Array(PARTS);
  heardParts.set(row.sha256, parts);
  parts.fill(1, Math.floor((from / whole) * PARTS), Math.ceil((place / whole) * PARTS));
  if (share(parts) >= ENOUGH) noteWhole(row);
}

/** @param {Row} row */
function noteWhole(row) {
  if (read(heardKey(row.sha256)) === null) keep(heardKey(row.sha256), "1");
}

/** @param {Uint8Array} parts @returns {number} 0..1 */
const share = (parts) => parts.reduce((sum, part) => sum + part, 0) / parts.length;

/**
 * How much of a clip's sound was heard in this browser.
 * @param {Row} row
 * @returns {number} 0..1
 */
function heardShare(row) {
  if (read(heardKey(row.sha256)) !== null) return 1;
  const parts = heardParts.get(row.sha256);
  return parts ? share(parts) : 0;
}

/**
 * Why a clip cannot be approved or rejected yet.
 * @param {Row} row
 * @param {"approved"|"rejected"} decided
 * @returns {string} "" if it can be
 */
function tooEarly(row, decided) {
  const heard = heardShare(row);
  const unplayable = silent.has(row.sha256);
  if (decided === "approved") {
    if (unplayable) return "Its sound cannot be played here, so it cannot be approved.";
    return heard >= ENOUGH ? "" : `Listen to the end first: ${percent(heard)} heard.`;
  }
  const enough = unplayable || heard >= 0.5 || heard * row.seconds >= REJECT_SECONDS;
  return enough ? "" : "Listen first: to half a second of it at least.";
}

/** Tells where the sound is, with each picture that the browser draws. */
function follow() {
  cancelAnimationFrame(playing.frame);
  if (audio.paused || audio.seeking) return;
  noteHeard(audio.currentTime);
  emit("time", { url: playing.url, seconds: audio.currentTime, duration: duration() });
  playing.frame = requestAnimationFrame(follow);
}

/** The sound has come to its end. */
function ended() {
  noteHeard(duration());
  emit("time", { url: playing.url, seconds: duration(), duration: duration() });
  emit("stop", { url: playing.url });
}

/** A sound that is missing or damaged must be told, and may be rejected. */
function failed() {
  if (!playing.url || !audio.error) return;
  if (playing.row) silent.add(playing.row.sha256);
  // The element would still say that it plays, and the next key stop what is not heard.
  audio.pause();
  app.announce("This sound cannot be played: the file is missing or damaged.", { urgent: true, show: true });
  emit("stop", { url: playing.url });
}

/** Listens to the audio element. */
function startPlayer() {
  setRate(Number(app.recall("rate", 1)));
  audio.addEventListener("seeking", () => cancelAnimationFrame(playing.frame));
  audio.addEventListener("seeked", () => {
    playing.from = audio.currentTime;
    follow();
  });
  audio.addEventListener("playing", () => {
    if (playing.row) silent.delete(playing.row.sha256);
    emit("play", { url: playing.url });
    follow();
  });
  // Pictures are not drawn in a tab that is not seen; the element tells the time nevertheless.
  audio.addEventListener("timeupdate", () => {
    if (!audio.seeking && !audio.paused) noteHeard(audio.currentTime);
  });
  audio.addEventListener("pause", () => {
    // At its very end, too: who stops a sound there may never hear that it has ended.
    if (!audio.seeking) noteHeard(audio.currentTime);
    emit("stop", { url: playing.url });
  });
  audio.addEventListener("ended", ended);
  audio.addEventListener("error", failed);
}
