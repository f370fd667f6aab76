// The page: picks a character and a voice, shows the performance, asks for videos.
import { Performance } from "/page/performance.js";
import { WORDS } from "/page/words.js";

const POLL_MS = 500;
const at = (id) => document.getElementById(id);
const state = { language: "en", character: null, token: "", performance: null, source: null, file: null, status: ["ready"], job: null };

const words = () => WORDS[state.language];
const word = (key) => words()[key] ?? key;

function speakLanguage(language) {
  state.language = language;
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = word("title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = word(element.dataset.text);
  at("language").textContent = WORDS[language === "zh" ? "en" : "zh"].name;
  at("stage").setAttribute("aria-label", word("stage_label"));
  at("level").setAttribute("aria-label", word("level_label"));
  if (state.file) at("file-name").textContent = state.file.name;
  at("numbers").textContent = "";
  tell(...state.status);
  showButtons();
  if (state.job) showJob(state.job);
}

function tell(key, bad = false) {
  state.status = [key, bad];
  at("status").textContent = word(key);
  at("status").className = bad ? "bad" : "";
}

function showButtons() {
  const usable = Boolean(state.character);
  at("microphone").textContent = word(state.source === "microphone" ? "microphone_stop" : "microphone_start");
  at("microphone").classList.toggle("on", state.source === "microphone");
  at("microphone").disabled = !usable;
  at("play").textContent = word(state.source === "file" ? "stop" : "play");
  at("play").classList.toggle("on", state.source === "file");
  at("play").disabled = at("make").disabled = !usable || !state.file;
  if (state.job && ["pending", "running"].includes(state.job.state)) at("make").disabled = true;
}

async function ask(path, options = {}) {
  const headers = { ...options.headers };
  if (state.token) headers.Authorization = `Bearer ${state.token}`;
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("no_service");
  }
  if (answer.status === 401) at("token-form").hidden = false;
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `HTTP ${answer.status}`);
  return answer;
}

async function loadCharacters() {
  const list = await (await ask("/characters")).json();
  at("token-form").hidden = true;
  const whole = list.filter((character) => !character.error);
  const buttons = await Promise.all(whole.map(characterButton));
  at("characters").replaceChildren(...buttons);
  if (whole.length) choose(whole[0], buttons[0]);
  else tell("no_characters", true);
}

async function characterButton(character) {
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("role", "radio");
  button.title = character.name;
  const picture = document.createElement("img");
  picture.alt = "";
  await ask(character.preview).then(async (answer) => { picture.src = URL.createObjectURL(await answer.blob()); }, () => {});
  const name = document.createElement("span");
  name.textContent = character.name;
  button.append(picture, name);
  button.onclick = () => choose(character, button);
  return button;
}

function choose(character, button) {
  for (const other of at("characters").children) other.setAttribute("aria-checked", String(other === button));
  state.character = character;
  state.performance?.stop("ready");
  const canvas = at("stage");
  [canvas.width, canvas.height] = [character.width, character.height];
  const picture = button.querySelector("img");
  const draw = () => canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  if (picture.src) picture.decode().then(draw, () => {});
  at("stage-hint").hidden = false;
  tell("ready");
  showButtons();
}

const controls = () => ({ gain: Number(at("gain").value), smoothing: Number(at("smoothing").value) });

async function perform(source) {
  const same = state.source === source;
  state.performance?.stop("ended");
  if (same) return;
  tell("connecting");
  const performance = new Performance(at("stage"), state.character.id, state.token, controls(), {
    state: (key) => { at("stage-hint").hidden = true; tell(key); },
    level: (value) => { at("level").value = value; },
    numbers: (fps, delay) => { at("numbers").textContent = words().numbers(fps, delay); },
    stopped: (why) => {
      state.performance = state.source = null;
      tell(why, why !== "ended" && why !== "ready");
      showButtons();
    },
  });
  state.performance = performance;
  state.source = source;
  showButtons();
  try {
    await (source === "microphone" ? performance.fromMicrophone() : performance.fromFile(state.file));
  } catch (error) {
    const mine = error instanceof DOMException || error instanceof TypeError;
    performance.stop(mine ? (source === "microphone" ? "no_microphone" : "bad_file") : error.message);
  }
}

async function makeVideo() {
  const form = new FormData();
  form.set("audio", state.file);
  form.set("character", state.character.id);
  for (const [name, value] of Object.entries(controls())) form.set(name, value);
  try {
    showJob({ state: "pending", progress: 0 });
    let job = await (await ask("/speak", { method: "POST", body: form })).json();
    while (["pending", "running"].includes(job.state)) {
      showJob(job);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      job = await (await ask(`/jobs/${job.id}`)).json();
    }
    if (job.video) job.link = URL.createObjectURL(await (await ask(job.video)).blob());
    showJob(job);
  } catch (error) {
    showJob({ state: "failed", progress: 0, error: word(error.message) });
  }
}

function showJob(job) {
  state.job = job;
  at("job").hidden = false;
  at("job-progress").value = job.progress;
  const text = at("job-text");
  text.textContent = `${word(job.state)} ${job.error ?? ""}`;
  if (job.link) {
    const link = document.createElement("a");
    Object.assign(link, { href: job.link, target: "_blank", download: "speech.mp4", textContent: word("download") });
    text.append(link);
  }
  showButtons();
}

function takeFile(file) {
  if (!file) return;
  state.file = file;
  at("file-name").textContent = file.name;
  delete at("file-name").dataset.text;
  showButtons();
}

function connectControls() {
  at("language").onclick = () => {
    const language = state.language === "zh" ? "en" : "zh";
    localStorage.setItem("language", language);
    speakLanguage(language);
  };
  at("microphone").onclick = () => perform("microphone");
  at("play").onclick = () => perform("file");
  at("make").onclick = makeVideo;
  at("file").onchange = () => takeFile(at("file").files[0]);
  for (const name of ["gain", "smoothing"]) {
    at(name).oninput = () => {
      at(`${name}-value`).textContent = Number(at(name).value).toFixed(2);
      state.performance?.turn(controls());
    };
  }
  const drop = at("drop");
  drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (event) => { event.preventDefault(); drop.classList.remove("over"); takeFile(event.dataTransfer.files[0]); };
  at("token-form").onsubmit = (event) => {
    event.preventDefault();
    state.token = at("token").value;
    loadCharacters().catch((error) => tell(error.message, true));
  };
}

const told = new URLSearchParams(location.hash.slice(1));
state.token = told.get("token") ?? "";
connectControls();
speakLanguage(told.get("lang") ?? localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en"));
loadCharacters().catch((error) => tell(error.message, true));
