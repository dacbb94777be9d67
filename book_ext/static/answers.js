// Answers to choices, classifications, ordered proofs and single numbers, checked in the page with the words of the
// package's own checks (ganbook/exercises/engine). What is compared travels in each page as JSON.
"use strict";
window.ganbookAnswers = (() => {
  const wrong = says => ({right: false, says: says.trim()});

  /** Python's repr of a label. */
  function shown(label) {
    if (typeof label === "boolean") return label ? "True" : "False";
    if (typeof label !== "string") return String(label);
    return label.includes("'") && !label.includes('"') ? `"${label}"` : `'${label.replaceAll("'", "\\'")}'`;
  }

  /** A positive number as Python's format "g" writes it, for one digit or two. */
  function brief(x) {
    if (x >= 1e6 || x < 1e-4) return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
    return String(x);
  }

  function howFar(got, want) {
    if (!Number.isFinite(got)) return "It is infinite.";
    if (want === 0 || got === 0) return `It is too ${got > want ? "large" : "small"}.`;
    const ratio = got / want;
    if (ratio < 0) return "It has the wrong sign.";
    const side = got > want ? "large" : "small";
    const factor = Math.max(ratio, 1 / ratio);
    if (factor >= 1.5) return `It is too ${side}, by a factor of about ${brief(Number(factor.toPrecision(1)))}.`;
    return `It is too ${side}, by about ${brief(Number((100 * Math.abs(ratio - 1)).toPrecision(1)))} %.`;
  }

  /** The value of an expression in numbers, + - * / ^ or **, brackets, log, exp, sqrt, pi and e; NaN if it is none. */
  function value(text) {
    const tokens = text.toLowerCase().replaceAll("−", "-").replaceAll("**", "^")
      .match(/\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[a-z_.]+|[-+*/^()]|\S/g) ?? [];
    const NAMES = new Map([["pi", Math.PI], ["e", Math.E]]);
    const FUNCTIONS = new Map([["log", Math.log], ["ln", Math.log], ["exp", Math.exp], ["sqrt", Math.sqrt]]);
    let place = 0;
    const take = token => tokens[place] === token && (place += 1, true);
    function sum() {
      let total = product();
      for (;;) {
        if (take("+")) total += product();
        else if (take("-")) total -= product();
        else return total;
      }
    }
    function product() {
      let total = signed();
      for (;;) {
        if (take("*")) total *= signed();
        else if (take("/")) total /= signed();
        else return total;
      }
    }
    function signed() {
      if (take("-")) return -signed();
      if (take("+")) return signed();
      return power();
    }
    function power() {
      const base = atom();
      return take("^") ? base ** signed() : base;
    }
    function atom() {
      if (take("(")) {
        const inside = sum();
        return take(")") ? inside : NaN;
      }
      const token = tokens[place++] ?? "";
      if (/^[\d.]/.test(token)) return Number(token);
      const name = token.replace(/^(?:math|np|numpy|torch)\./, "");
      if (FUNCTIONS.has(name) && tokens[place] === "(") return FUNCTIONS.get(name)(atom());
      return NAMES.get(name) ?? NaN;
    }
    const result = sum();
    return place === tokens.length ? result : NaN;
  }

  const close = (got, want, [relative, absolute]) =>
    got === want || Math.abs(got - want) <= absolute + relative * Math.abs(want);

  const JUDGES = {
    choice(data, letter) {
      return letter === data.correct ? null : wrong(`Not ${letter}. ${data.reasons[letter]}`);
    },
    classify(data, given) {
      for (const [place, [thing, label]] of data.truth.entries()) {
        if (given[place] === label) continue;
        const right = data.truth.filter(([, known], other) => given[other] === known).length;
        const reason = data.reasons.find(([one, said]) => one === thing && said === given[place]);
        return wrong(`${thing} is not ${shown(given[place])}. ${reason ? reason[2] : "Look at it again."} ` +
          `(${right} of ${data.truth.length} are right.)`);
      }
      return null;
    },
    ordered(data, text) {
      const letters = [...text.toLowerCase()].filter(letter => !/[\s,;\->→]/.test(letter));
      const known = [...Object.keys(data.rests_on), ...Object.keys(data.false)].sort();
      for (const [place, letter] of letters.entries()) {
        if (!known.includes(letter)) return wrong(`There is no line ${shown(letter)}: the lines are ${known.join(", ")}.`);
        if (letters.indexOf(letter) < place) return wrong(`Line ${letter} occurs twice: each line is used once.`);
      }
      const stray = letters.find(letter => letter in data.false);
      if (stray) return wrong(`Line ${stray} does not belong there. ${data.false[stray]}`);
      for (const [place, letter] of letters.entries()) {
        if ([...data.rests_on[letter]].some(use => letters.indexOf(use) >= place)) {
          return wrong(`Line ${letter} comes before a line that it uses.`);
        }
      }
      const missing = Object.keys(data.rests_on).filter(letter => !letters.includes(letter));
      if (!missing.length) return null;
      if (Object.keys(data.needed).length) return wrong(`A line is missing. ${data.needed[missing[0]]}`);
      const verb = missing.length === 1 ? "is" : "are";
      return wrong(`The proof has a gap: ${missing.length} of its lines ${verb} missing.`);
    },
    number(data, got) {
      if (close(got, data.want, data.tolerance)) return null;
      const known = data.mistakes.find(([, other]) => close(got, other, data.tolerance));
      return wrong(`${howFar(got, data.want)} ${known ? known[0] : data.says}`);
    },
  };

  /** Whether an answer is right, and what is said to it. */
  function verdict(data, answer) {
    return JUDGES[data.kind](data, answer) ?? {right: true, says: data.right};
  }

  // On the page ---------------------------------------------------------------------------------------------------

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** A sentence with its *emphasis* and `code`. */
  function marked(text) {
    return text.split(/(\*(?=\S)[^*]+(?<=\S)\*|`[^`]+`)/).map((part, k) =>
      k % 2 ? make(part[0] === "*" ? "em" : "code", {}, part.slice(1, -1)) : part);
  }

  /** Each kind's controls, and how to read an answer from them: a string that says what is missing, or the answer. */
  const CONTROLS = {
    choice(data, name) {
      const letters = [data.correct, ...Object.keys(data.reasons)].sort();
      const radios = letters.map(letter => make("input", {type: "radio", name, value: letter}));
      const row = make("div", {class: "answer-row"},
        ...radios.map(radio => make("label", {}, radio, ` ${radio.value}`)));
      return [row, () => {
        const chosen = radios.find(radio => radio.checked);
        return chosen ? {answer: chosen.value} : {missing: "Choose a letter first."};
      }];
    },
    classify(data, name) {
      const menus = data.truth.map(([thing], place) => make("select", {id: `${name}-${place}`},
        make("option", {value: ""}, "choose"),
        ...data.labels.map((label, k) => make("option", {value: String(k)}, String(label)))));
      const row = make("div", {class: "answer-row"},
        ...menus.map((menu, place) => make("label", {}, `${data.truth[place][0]} `, menu)));
      return [row, () => menus.every(menu => menu.value)
        ? {answer: menus.map(menu => data.labels[Number(menu.value)])}
        : {missing: `Choose a label for each: ${menus.filter(menu => !menu.value).length} are open.`}];
    },
    ordered(data, name) {
      const field = make("input", {type: "text", id: name, size: "16", autocomplete: "off", spellcheck: "false"});
      return [make("label", {}, "Letters of the lines, in order ", field),
        () => field.value.trim() ? {answer: field.value} : {missing: "Write the letters of the lines first."}];
    },
    number(data, name) {
      const field = make("input", {type: "text", id: name, size: "16", autocomplete: "off", spellcheck: "false"});
      return [make("label", {}, "A number, such as 0.25, 1/4 or 2*log(2) ", field), () => {
        const got = value(field.value);
        return Number.isNaN(got) ? {missing: "That is not a number: write it as 0.25, 1/4 or 2*log(2)."} : {answer: got};
      }];
    },
  };

  function offer(script) {
    const name = script.dataset.exercise;
    const data = JSON.parse(script.textContent);
    const [controls, read] = CONTROLS[data.kind](data, `answer-${name.replace(".", "-")}`);
    const said = make("p", {class: "answer-said", role: "status"});
    const form = make("form", {class: "answer-form", novalidate: ""},
      make("fieldset", {}, make("legend", {}, "Answer here",
        make("span", {class: "visually-hidden"}, `, exercise ${name}`)), controls,
        make("button", {type: "submit"}, "Check")), said);
    form.addEventListener("submit", event => {
      event.preventDefault();
      const {answer, missing} = read();
      const told = missing ? {says: missing} : verdict(data, answer);
      form.dataset.state = missing ? "" : told.right ? "right" : "wrong";
      said.replaceChildren(...marked(missing ?? `${told.right ? "Correct." : "Not right yet."} ${told.says}`.trim()));
      if (told.right) document.dispatchEvent(new CustomEvent("ganbook-solved", {detail: name}));
    });
    document.getElementById(`ex-${name.replace(".", "-")}`)?.append(form);
  }

  document.querySelectorAll("script.answer-data").forEach(offer);
  return {verdict, value};
})();
