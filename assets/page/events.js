// The events of everybody: a table of those that ended, newest first, and the same as a CSV file.
(() => {
  const ikem = window.ikem, { byId } = ikem;
  const MOST = 2000; // events kept; a day of them would only make the page slow
  const events = []; // {person, label, start, end, score, at}
  let session = null, told = -1, zero = 0;

  // Which session the next events belong to, and the clock's time at its second 0.
  ikem.hear = (answer) => {
    if (answer.s !== session) [session, told] = [answer.s, -1];
    zero = Date.now() - answer.t * 1000;
    answer.events.forEach((event) => ikem.ended(event));
  };

  function row({ person, label, start, end, score, at }) {
    const tr = document.createElement("tr");
    tr.innerHTML = '<td><span class="what"><i class="dot"></i><b></b></span></td><td><span class="who"></span></td><td></td>' +
      '<td class="number"></td><td class="number"></td>';
    const cells = tr.children;
    cells[0].querySelector("i").style.background = ikem.tint(label);
    cells[0].querySelector("b").textContent = ikem.word(label);
    cells[1].firstChild.textContent = ikem.person(person);
    cells[1].firstChild.title = `Person ${person}`;
    cells[1].firstChild.style.setProperty("--who", ikem.personTint(person));
    cells[2].textContent = at.toLocaleTimeString([], { hour12: false });
    cells[3].textContent = `${(end - start).toFixed(1)} s`;
    cells[4].textContent = ikem.percent(score);
    return tr;
  }

  // One event, told once or many times.
  ikem.ended = ([number, person, label, start, end, score]) => {
    const body = byId("events");
    if (number <= told || !body) return;
    told = number;
    const event = { person, label, start, end, score, at: new Date(zero + start * 1000) };
    body.querySelector(".empty")?.remove();
    body.prepend(row(event));
    events.push(event);
    if (events.length > MOST) {
      events.shift();
      body.lastChild.remove();
    }
    byId("save-live").disabled = false;
  };

  const quoted = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function csv() {
    const lines = events.map(({ person, label, start, end, score, at }) =>
      [person, quoted(label), start.toFixed(3), end.toFixed(3), score.toFixed(4), at.toISOString()].join(","));
    return ["person,label,start,end,score,time", ...lines].join("\n") + "\n";
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#save-live")) ikem.save("ikem-live.csv", "text/csv", csv());
  });
})();
