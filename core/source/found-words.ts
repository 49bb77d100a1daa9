/** Sentences of refusals of rows, as the checks write them, and the same in Slovenian; `$1` … are what stands in them. */
const sentences: readonly (readonly [english: RegExp, slovenian: string])[] = [
  [/^(.+) must have a value: it is the id \((.+)\)$/, '$1 mora imeti vrednost: iz nje nastane oznaka ($2)'],
  [/^(.+) has no value: the moment of the row is not known$/, '$1 nima vrednosti: čas vrstice ni znan'],
  [/^(.+) has no value in (.+)$/, '$1 nima vrednosti v stolpcu $2'],
  [/^(.+) is (.+); expected a number such as (.+)$/, '$1 je $2; pričakovano je število, na primer $3'],
  [/^(.+) is (.+); expected a coordinate such as (.+)$/, '$1 je $2; pričakovana je koordinata, na primer $3'],
  [/^(.+) is (.+); expected da or ne .*$/, '$1 je $2; pričakovano je da ali ne'],
  [/^(.+) is (.+), which is no day or time of the calendar$/, '$1 je $2; takega dneva ali ure v koledarju ni'],
  [
    /^(.+) is (.+), which does not exist in (.+): the clock was put forward over it$/,
    '$1 je $2; te ure ni ($3): ura se takrat premakne naprej',
  ],
  [
    /^(.+) is (.+), which may be (.+) or (.+) in (.+): the clock was put back.*$/,
    '$1 je $2, kar je lahko $3 ali $4 ($5): ura se takrat premakne nazaj; v preslikavi nastavite clockChange',
  ],
  [/^(.+) is (.+), which the lookup does not have; it knows (.+)$/, '$1 je $2, česar seznam v preslikavi nima; pozna $3'],
  [/^(.+) is (.+), which does not match (.+)$/, '$1 je $2, kar ne ustreza vzorcu $3'],
  [
    /^(.+) is (.+) here, and the model takes whole numbers; .*$/,
    '$1 je tu $2, model pa sprejme le cela števila; v preslikavi dodajte round: down ali nearest',
  ],
  [/^(.+) is (.+) without a unit; .*$/, '$1 je $2 brez enote; preslikava jo bere iz stolpca'],
  [
    /^the unit of (.+) is (.+); expected one that converts to (.+)$/,
    'enota stolpca $1 je $2; pričakovana je taka, ki se da pretvoriti v $3',
  ],
  [/^of (.+) and (.+) only one has a value$/, 'od $1 in $2 ima vrednost samo eden'],
  [/^(.+) is missing; every (.+) must have it$/, '$1 manjka; $2 ga mora imeti'],
  [/^(.+) is (.+), the model takes at least (.+)$/, '$1 je $2; model sprejme najmanj $3'],
  [/^(.+) is (.+), the model takes at most (.+)$/, '$1 je $2; model sprejme največ $3'],
  [
    /^(.+) is (.+), expected longitude 13 to 17 and latitude 45 to 47; longitude and latitude are swapped$/,
    '$1 je $2; pričakovana je dolžina od 13 do 17 in širina od 45 do 47; dolžina in širina sta zamenjani',
  ],
  [
    /^(.+) is (.+), expected longitude 13 to 17 and latitude 45 to 47$/,
    '$1 je $2; pričakovana je dolžina od 13 do 17 in širina od 45 do 47',
  ],
  [/^(.+) is (.+), more than 5 minutes ahead of the clock .*$/, '$1 je $2, kar je v prihodnosti'],
  [/^(.+) is (.+), expected one of (.+)$/, '$1 je $2; pričakovano je eno od: $3'],
  [/^(.+) is (.+), expected a URI$/, '$1 je $2; pričakovan je spletni naslov ali URN'],
  [/^(.+) is (.+), expected a number$/, '$1 je $2; pričakovano je število'],
  [/^(.+) is (.+), expected a whole number$/, '$1 je $2; pričakovano je celo število'],
  [/^(.+) is (".*"), expected (.+)$/, '$1 je $2; pričakovano: $3'],
];

/** What was found, in a language. A sentence that is not known in Slovenian stays as it is: better English than a guess. */
export function foundIn(message: string, language: 'sl' | 'en'): string {
  if (language === 'en') return message;
  const [, line, rest = message] = /^line (\S+): ([\s\S]*)$/.exec(message) ?? [];
  const known = sentences.find(([english]) => english.test(rest));
  const found = known === undefined ? rest : rest.replace(...(known as [RegExp, string]));
  return line === undefined ? found : `vrstica ${line}: ${found}`;
}
