/**
 * The script of the page that `gnet export --format web` writes. Before it stand TensorFlow.js (tf) and gnet's own
 * resizePixels; the model is in elements of the page.
 */
/* global document, fetch, location, navigator, tf, resizePixels, createImageBitmap, ImageData */

const SHOWN = 10;
const byId = (id) => document.getElementById(id);
const { classes, image, wasm, ...artifacts } = JSON.parse(byId('model').textContent);

/** Bytes from base64. */
const bytesOf = async (text) =>
  (await fetch(`data:application/octet-stream;base64,${text.trim()}`)).arrayBuffer();

function say(text) {
  byId('status').textContent = text;
}

/** The fastest backend that computes in float32 here; #backend=wasm in the address asks for one. */
async function chooseBackend() {
  const urls = Object.fromEntries(
    Object.entries(wasm).map(([name, id]) => [
      name,
      `data:application/wasm;base64,${byId(id).textContent.trim()}`,
    ]),
  );
  tf.wasm.setWasmPaths(urls);
  const asked = new URLSearchParams(location.hash.slice(1)).get('backend');
  for (const name of asked === null ? ['webgl', 'wasm', 'cpu'] : [asked]) {
    try {
      // Half precision would give other probabilities.
      if (name === 'webgl' && !tf.env().getBool('WEBGL_RENDER_FLOAT32_ENABLED')) continue;
      if (await tf.setBackend(name)) return name;
    } catch {
      // The next one.
    }
  }
  throw new Error('no backend of TensorFlow.js works in this browser');
}

async function load() {
  const backend = await chooseBackend();
  const weightData = await bytesOf(byId('weights').textContent);
  const model = await tf.loadGraphModel(tf.io.fromMemory({ ...artifacts, weightData }));
  return { backend, model };
}

const loading = load();

/** Pixels as the training of the model read them: over white, resized by the same code. */
function pixelsOf(picture, width, height) {
  const canvas = byId('picture');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  context.drawImage(picture, 0, 0);
  canvas.hidden = false;
  const { data } = context.getImageData(0, 0, width, height);
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) rgb[pixel * 3 + channel] = data[pixel * 4 + channel];
  }
  return resizePixels(rgb, 3, { width, height }, image);
}

async function classify(picture, width, height, name) {
  say('Classifying …');
  const pixels = pixelsOf(picture, width, height);
  const { backend, model } = await loading;
  const result = tf.tidy(() => {
    const images = tf.tensor4d(Int32Array.from(pixels), [1, image.height, image.width, 3], 'int32');
    return model.execute({ images }, 'probabilities');
  });
  const probabilities = await result.data();
  result.dispose();
  const order = classes.map((_, index) => index).sort((a, b) => probabilities[b] - probabilities[a]);
  const percent = (index) => `${(probabilities[index] * 100).toFixed(2)} %`;
  const rows = order.slice(0, SHOWN).map((index) => {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = classes[index];
    const cell = document.createElement('td');
    cell.textContent = percent(index);
    cell.dataset.probability = String(probabilities[index]);
    cell.style.setProperty('--share', String(probabilities[index]));
    row.append(head, cell);
    return row;
  });
  byId('answers').replaceChildren(...rows);
  byId('result').hidden = false;
  byId('picture').setAttribute('aria-label', name);
  byId('backend').textContent = `Computed in this browser, by TensorFlow.js (${backend}).`;
  say(`${name}: ${classes[order[0]]}, ${percent(order[0])}`);
}

async function classifyFile(file) {
  if (!file) return;
  try {
    // Turned as EXIF says, in sRGB.
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    await classify(bitmap, bitmap.width, bitmap.height, file.name);
    bitmap.close();
  } catch (error) {
    say(`${file.name}: cannot be classified: ${error.message}`);
  }
}

byId('file').addEventListener('change', ({ target }) => {
  void classifyFile(target.files[0]);
  target.value = '';
});

const zone = byId('drop');
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  zone.classList.add('over');
});
document.addEventListener('dragleave', () => zone.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  zone.classList.remove('over');
  void classifyFile(event.dataTransfer.files[0]);
});

const video = byId('video');
let stream = null;

function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  byId('live').hidden = true;
  byId('camera').textContent = 'Use the camera';
}

byId('camera').addEventListener('click', async () => {
  if (stream) {
    stopCamera();
    return;
  }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    video.srcObject = stream;
    await video.play();
    byId('live').hidden = false;
    byId('camera').textContent = 'Stop the camera';
    byId('take').focus();
  } catch (error) {
    stopCamera();
    say(`The camera cannot be used: ${error.message}`);
  }
});

byId('take').addEventListener('click', () => {
  classify(video, video.videoWidth, video.videoHeight, 'Picture of the camera').catch((error) =>
    say(`The picture cannot be classified: ${error.message}`),
  );
});

loading.then(
  () => say('Ready.'),
  (error) => say(`The model cannot be loaded: ${error.message}`),
);
