/**
 * What stands around a vendor's codec in the sandbox. It finds the function in the forms in which vendors publish it: `decodeUplink({bytes,
 * fPort})` of The Things Stack and ChirpStack v4, `Decode(fPort, bytes, variables)` of ChirpStack v3, `Decoder(bytes, port)` of The Things
 * Network v2; as a plain function or in `module.exports`. What a codec does is the same every time: its clock is that of the uplink, and
 * `Math.random` always gives the same. The source begins on the first line, so that the lines in messages are those of the file.
 */
export function wrapped(source: string): string {
  return `${before}${source.replace(exported, '')}\n${after}`;
}

/** \`export\` of modules: what follows it is found by its name. */
const exported = /^[ \t]*export[ \t]+(?:default[ \t]+)?(?=(?:async|function|const|let|var|class)\b)/gm;

const names = ['decodeUplink', 'Decode', 'Decoder'];

const before = `(function () {
  var stringify = JSON.stringify, parse = parseInt, RealDate = Date, now = 0;
  globalThis.Date = class Date extends RealDate {
    constructor() { if (arguments.length === 0) super(now); else super(...arguments); }
    static now() { return now; }
  };
  Math.random = function () { return 0.5; };
  var quiet = function () {};
  globalThis.console = { log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet };
  var module = { exports: {} };
  var found = (function (module, exports) {`.replaceAll('\n', ' ');

const after = `
    return { own: { ${names.map((name) => `${name}: typeof ${name} === 'function' ? ${name} : undefined`).join(', ')} }, exports: module.exports };
  })(module, module.exports);
  var given = found.exports;
  var pick = function (name) { return found.own[name] || (given && typeof given[name] === 'function' ? given[name].bind(given) : undefined); };
  var decodeUplink = pick('decodeUplink'), Decode = pick('Decode'), Decoder = pick('Decoder');
  if (!decodeUplink && !Decode && !Decoder) return undefined;
  return function (hex, fPort, milliseconds) {
    now = milliseconds;
    var bytes = [];
    for (var i = 0; i < hex.length; i += 2) bytes.push(parse(hex.substr(i, 2), 16));
    var output = decodeUplink ? decodeUplink({ bytes: bytes, fPort: fPort, recvTime: new Date(), variables: {} })
      : Decode ? Decode(fPort, bytes, {}) : Decoder(bytes, fPort);
    return stringify(output);
  };
})()`;
