// Invented people, in the formats of FranceConnect's test identities.

const person = (login, claims) => ({
  login,
  gender: 'female',
  birthcountry: '99100',
  birthplace: '75107',
  preferred_username: '',
  email: `${login}@courriel.example`,
  ...claims,
});

/** The claims by which FranceConnect would tell who they are. */
export const people = [
  person('trois-prenoms', {
    given_name: 'Ondine Marthe Solveig',
    given_name_array: ['Ondine', 'Marthe', 'Solveig'],
    family_name: 'VERTAMONT',
    birthdate: '1962-08-24',
    idp_birthdate: '1962-08-24',
  }),
  person('prenom-avec-espace', {
    gender: 'male',
    given_name: 'Jean Philippe Aurèle',
    given_name_array: ['Jean Philippe', 'Aurèle'],
    family_name: "D'AUBIGNÉ-L'HÉRITIER",
    preferred_username: 'CASTELNOU',
    birthdate: '1969-03-17',
    idp_birthdate: '1969-03-17',
    birthplace: '2B050',
  }),
  person('nee-a-l-etranger', {
    given_name: 'Zélie',
    given_name_array: ['Zélie'],
    family_name: 'MORVANDELLE',
    birthdate: '1992-01-01',
    idp_birthdate: '1992-00-00',
    birthplace: '',
    birthcountry: '99352',
  }),
  person('genre-indefini', {
    gender: 'unspecified',
    given_name: 'Camille',
    given_name_array: ['Camille'],
    family_name: 'TROIS-DUPRÉ',
    birthdate: '1954-08-01',
    idp_birthdate: '1954-08-00',
  }),
];
