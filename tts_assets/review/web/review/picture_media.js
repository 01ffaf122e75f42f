// The sound of the picture: the page's one player, as wavesurfer wants to have it.

/** Points of the drawn waveform: between the measured ones it is smooth. */
const WAVE_POINTS = 800;

/**
 * Whether the player holds a sound.
 * @param {string} url
 * @returns {boolean}
 */
function isLoaded(url) {
  return app.player.url === url;
}

/**
 * How long a clip is drawn; one that cannot be read has no length, and still a picture.
 * @param {Row} row
 * @returns {number} in seconds
 */
function drawnSeconds(row) {
  return Math.max(row.seconds || 0, 0.01);
}

/**
 * Plays a row's sound from a time on, or moves there if it plays already.
 * @param {Row} row
 * @param {number} from in seconds
 */
function hearFrom(row, from) {
  const time = Math.min(Math.max(0, from), drawnSeconds(row) - 0.01);
  if (isLoaded(row.sound) && app.player.playing) app.player.seek(time);
  else void app.player.play(row.sound, { from: time, row });
}

/**
 * The player as wavesurfer sees it: it holds the clip of the picture, whether the player has loaded it
 * or not, so that drawing another clip neither loads a sound nor takes one away that is being heard.
 */
class PictureMedia extends EventTarget {
  /** @type {Row | null} */
  row = null;
  volume = 1;
  muted = false;
  ended = false;
  seeking = false;
  readyState = 4;
  src = "";
  currentSrc = "";
  error = null;

  get duration() {
    return this.row === null ? 0 : drawnSeconds(this.row);
  }

  get currentTime() {
    return this.row !== null && isLoaded(this.row.sound) ? app.player.audio.currentTime : 0;
  }

  set currentTime(time) {
    if (this.row !== null) hearFrom(this.row, time);
  }

  get paused() {
    return this.row === null || !isLoaded(this.row.sound) || !app.player.playing;
  }

  get playbackRate() {
    return app.player.rate;
  }

  async play() {
    if (this.row !== null) hearFrom(this.row, this.currentTime);
  }

  pause() {
    app.player.stop();
  }

  canPlayType() {
    return "maybe";
  }

  removeAttribute() {}
}

/**
 * Peaks for a smooth drawing.
 * @param {Uint8Array} peaks 0..255 of full scale
 * @returns {number[]} 0..1 of full scale
 */
function smoothPeaks(peaks) {
  if (peaks.length < 2) return [0, 0];
  const reach = (peaks.length - 1) / (WAVE_POINTS - 1);
  return Array.from({ length: WAVE_POINTS }, (_, index) => {
    const before = Math.min(Math.floor(index * reach), peaks.length - 2);
    return (peaks[before] + (peaks[before + 1] - peaks[before]) * (index * reach - before)) / 255;
  });
}
