// The constants of the recogniser, which Python writes from its own (app/site/constants.py): no number stands here
// twice. { tracker: { LEAST_OKS: 0.1, ... }, decision: ... }: by the names of Python's modules, and with their folders
// too, as two of the same name need it: constants["app.corrections.examples"].
export const constants = {};

// Takes the content of recogniser.json once, before anything else of this folder is made.
export function use(json) {
  for (const [module, values] of Object.entries(json.constants)) {
    constants[module] = values;
    constants[module.split(".").at(-1)] ??= values;
  }
}
