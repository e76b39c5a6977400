import { runPython, whyNoPython } from './python.js';

export const whyNoTensorBoard = () => whyNoPython('tensorboard.backend.application');

/** TensorBoard's own loader and plugins on the event files of a directory, without a server around them. */
const SCRIPT = `
import json, sys
from werkzeug.test import Client
from tensorboard.backend.application import TensorBoardWSGI
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.graph.graphs_plugin import GraphsPlugin
from tensorboard.plugins.histogram.histograms_plugin import HistogramsPlugin
from tensorboard.plugins.hparams.hparams_plugin import HParamsPlugin
from tensorboard.plugins.image.images_plugin import ImagesPlugin
from tensorboard.plugins.scalar.scalars_plugin import ScalarsPlugin
from tensorboard.plugins.text.text_plugin import TextPlugin
directory, paths = sys.argv[1], json.loads(sys.argv[2])
multiplexer = EventMultiplexer()
multiplexer.AddRunsFromDirectory(directory)
multiplexer.Reload()
provider = MultiplexerDataProvider(multiplexer, directory)
context = TBContext(data_provider=provider, logdir=directory, multiplexer=multiplexer)
plugins = [GraphsPlugin, HistogramsPlugin, HParamsPlugin, ImagesPlugin, ScalarsPlugin, TextPlugin]
client = Client(TensorBoardWSGI([plugin(context) for plugin in plugins], data_provider=provider))
def answer(path, body):
    url = '/data/plugin/' + path
    response = client.get(url) if body is None else client.post(url, json=body)
    assert response.status_code == 200, (url, response.status, response.get_data())
    return response.get_data().decode('latin-1')
print(json.dumps([answer(path, body) for path, body in paths]))`;

/** What TensorBoard answers its own page at /data/plugin/<path>, a byte a character; with a body, to a POST request. */
export function askTensorBoard(
  directory: string,
  requests: readonly (readonly [path: string, body: object | null])[],
): string[] {
  return runPython(SCRIPT, directory, JSON.stringify(requests)) as string[];
}
