-- Removes every Holdfast store of the project.
drop schema if exists holdfast cascade;
