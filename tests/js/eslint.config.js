import js from '@eslint/js';
import globals from 'globals';

export default [
  {ignores: ['**/node_modules/**']},
  js.configs.recommended,
  {languageOptions: {globals: globals.browser}},
  {files: ['tests/js/*'], languageOptions: {globals: globals.node}},
  {
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-import-assign': 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', {max: 130}],
    },
  },
];
