// Runs beside the sound: passes it through, and hands copies of 20 ms to the page.
class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(Math.round(sampleRate / 50));
    this.filled = 0;
    this.began = -1;
  }

  process(inputs, outputs) {
    const channels = inputs[0];
    if (!channels.length) return true;
    if (this.began < 0) this.began = currentTime;
    const length = channels[0].length;
    for (let i = 0; i < length; i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.block[this.filled++] = sum / channels.length;
      if (this.filled === this.block.length) {
        this.port.postMessage({ samples: this.block.slice(), began: this.began });
        this.filled = 0;
      }
    }
    outputs[0].forEach((output, c) => output.set(channels[Math.min(c, channels.length - 1)]));
    return true;
  }
}
registerProcessor("tap", Tap);
