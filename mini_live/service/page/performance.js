// One live performance: a voice goes to the service, pictures come back and are shown at their time.
const HEADER_BYTES = 16;
// How much later than it was read a file is heard, so that its pictures are there by then.
const FILE_DELAY_S = 0.45;
// How long the last blocks take from the sound's thread to here.
const LAST_BLOCKS_MS = 100;
const KEPT_BLOCKS_BYTES = 1 << 20;

export class Performance {
  constructor(canvas, character, token, controls, on) {
    this.canvas = canvas;
    this.on = on;
    this.context = new AudioContext();
    this.pictures = [];
    this.began = null;
    this.shownAt = [];
    this.delay = 0;
    this.stopped = false;
    this.allSent = false;
    this.complete = false;
    this.decoding = 0;
    const query = new URLSearchParams({ format: "float32", rate: this.context.sampleRate, drop_late: "true" });
    if (character) query.set("character", character);
    if (token) query.set("token", token);
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${location.host}/ws/live?${query}`);
    this.socket.binaryType = "arraybuffer";
    this.ready = new Promise((resolve, reject) => {
      this.socket.onerror = () => reject(new Error("lost"));
      this.socket.onclose = () => {
        reject(new Error("lost"));
        if (!this.complete) this.stop("lost");
      };
      this.socket.onmessage = (message) => this.receive(message.data, resolve, reject);
    });
    this.ready.then(() => this.turn(controls), () => {});
  }

  async fromMicrophone() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true } });
    this.stream = stream;
    await this.listen(this.context.createMediaStreamSource(stream), 0);
  }

  async fromFile(file) {
    const sound = await this.context.decodeAudioData(await file.arrayBuffer());
    const source = this.context.createBufferSource();
    source.buffer = sound;
    await this.listen(source, FILE_DELAY_S);
    source.onended = () => setTimeout(() => this.end(), LAST_BLOCKS_MS);
    source.start();
  }

  async listen(source, delay) {
    await this.ready;
    await this.context.audioWorklet.addModule("/page/microphone.js");
    await this.context.resume();
    if (this.stopped) return;
    this.delay = delay;
    const tap = new AudioWorkletNode(this.context, "tap", { channelCountMode: "max" });
    tap.port.onmessage = ({ data }) => this.send(data);
    source.connect(tap);
    if (delay) this.hearLater(tap, delay);
    requestAnimationFrame(() => this.show());
    this.on.state("live");
  }

  hearLater(tap, delay) {
    const later = this.context.createDelay(1);
    later.delayTime.value = delay;
    tap.connect(later).connect(this.context.destination);
  }

  end() {
    this.allSent = true;
    this.say({ event: "end" });
  }

  send({ samples, began }) {
    if (this.allSent) return;
    this.began ??= began;
    let loudest = 0;
    for (const value of samples) loudest = Math.max(loudest, Math.abs(value));
    this.on.level(loudest);
    if (this.socket.readyState === WebSocket.OPEN && this.socket.bufferedAmount < KEPT_BLOCKS_BYTES) this.socket.send(samples);
  }

  turn(controls) {
    this.say({ event: "controls", ...controls });
  }

  say(event) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(event));
  }

  async receive(data, resolve, reject) {
    if (typeof data === "string") {
      const event = JSON.parse(data);
      if (event.event === "ready") {
        this.canvas.width = event.width;
        this.canvas.height = event.height;
        resolve();
      } else if (event.event === "error") {
        reject(new Error(event.message));
        this.stop(event.message);
      } else if (event.event === "end") {
        this.complete = true;
      }
      return;
    }
    const view = new DataView(data);
    const time = view.getFloat64(8, true);
    this.decoding++;
    const bitmap = await createImageBitmap(new Blob([data.slice(HEADER_BYTES)], { type: "image/jpeg" }));
    this.decoding--;
    this.pictures.push({ time, bitmap });
    this.pictures.sort((a, b) => a.time - b.time);
  }

  show() {
    if (this.stopped) return;
    const now = this.context.currentTime - (this.began ?? 0) - this.delay;
    let due = null;
    while (this.pictures.length && (!this.delay || this.pictures[0].time <= now)) {
      due?.bitmap.close();
      due = this.pictures.shift();
    }
    if (due) this.paint(due, now);
    if (this.complete && !this.decoding && !this.pictures.length) this.stop("ended");
    else requestAnimationFrame(() => this.show());
  }

  paint({ time, bitmap }, now) {
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    this.shownAt.push(this.context.currentTime);
    while (this.shownAt[0] < this.context.currentTime - 2) this.shownAt.shift();
    this.on.numbers(Math.round(this.shownAt.length / 2), Math.max(0, Math.round((now + this.delay - time) * 1000)));
  }

  stop(why) {
    if (this.stopped) return;
    this.stopped = true;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context.close();
    this.socket.onclose = null;
    this.socket.close();
    this.on.level(0);
    this.on.stopped(why);
  }
}
